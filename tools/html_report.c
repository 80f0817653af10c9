/* SPDX-License-Identifier: Apache-2.0 */
#include "html_report.h"
#include "input_file.h"
#include "text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MAX_HELD (UINT64_C(1) << 20) /* bytes of a picture that the page holds; a page of a hundred still opens */

/* Light and dark as the reader's system is; small pictures are enlarged without blur. */
static const char style[] =
    "body{font:15px system-ui,sans-serif;margin:2em;color-scheme:light dark}\n"
    "main{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:1em}\n"
    "figure{margin:0;padding:1em;border:1px solid #8884;border-radius:8px}\n"
    "img{display:block;width:100%;height:200px;object-fit:contain;image-rendering:auto}\n"
    "figcaption{overflow-wrap:anywhere;margin:.5em 0;font-weight:600}\n"
    "div{display:grid;grid-template-columns:8em 1fr 3.5em;gap:.5em;align-items:center}\n"
    "div span{overflow:hidden;text-overflow:ellipsis}\n"
    "div span:last-child{text-align:right}\n"
    "i{display:block;height:.8em;border-radius:2px;background:#2a7de1}\n"
    "div~div i{background:#8888}\n"
    "p{color:#c22}\n";

void html_begin(FILE *out, const char *model)
{
    fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    text_write_markup(out, model);
    fprintf(out, "</title>\n<style>\n%s</style>\n<h1>", style);
    text_write_markup(out, model);
    fputs("</h1>\n<main>\n", out);
}

static void write_base64(FILE *out, const uint8_t *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) | (left > 2 ? data[i + 2] : 0);
        const char four[4] = { digits[bits >> 18], digits[bits >> 12 & 63], left > 1 ? digits[bits >> 6 & 63] : '=',
                               left > 2 ? digits[bits & 63] : '=' };
        fwrite(four, 1, sizeof four, out);
    }
}

/* The way to the file from anywhere; every byte that a URL gives a meaning is escaped. */
static void write_url(FILE *out, const char *path)
{
    char *absolute = realpath(path, NULL);
    fputs("file://", out);
    for (const char *c = absolute ? absolute : path; *c; c++) {
        bool plain = strchr("/-_.~", *c) || (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        if (plain)
            fputc(*c, out);
        else
            fprintf(out, "%%%02X", (unsigned)(uint8_t)*c);
    }
    free(absolute);
}

static void write_picture(FILE *out, const char *path)
{
    uint8_t *data;
    size_t size;
    wrn_error error;
    fputs("<img alt=\"\" src=\"", out);
    if (input_read_all(path, MAX_HELD, &data, &size, &error)) {
        fprintf(out, "data:image/%s;base64,", size > 0 && data[0] == 0xFF ? "jpeg" : "png");
        write_base64(out, data, size);
        free(data);
    } else {
        write_url(out, path);
    }
    fputs("\">\n", out);
}

static void write_caption(FILE *out, const char *path)
{
    const char *slash = strrchr(path, '/');
    fputs("<figcaption title=\"", out);
    text_write_markup(out, path);
    fputs("\">", out);
    text_write_markup(out, slash && slash[1] ? slash + 1 : path);
    fputs("</figcaption>\n", out);
}

void html_image(FILE *out, const char *path, const wrn_prediction *top, int32_t count)
{
    fputs("<figure>\n", out);
    write_picture(out, path);
    write_caption(out, path);
    for (int32_t i = 0; i < count; i++) {
        double percent = 100 * (double)top[i].probability;
        fputs("<div><span>", out);
        text_write_markup(out, top[i].label);
        fprintf(out, "</span><i style=\"width:%.1f%%\"></i><span>%.1f&#8239;%%</span></div>\n", percent, percent);
    }
    fputs("</figure>\n", out);
}

void html_failure(FILE *out, const char *path, const wrn_error *error)
{
    fputs("<figure>\n", out);
    write_caption(out, path);
    fputs("<p>", out);
    text_write_markup(out, error->message);
    fputs("</p>\n</figure>\n", out);
}

void html_end(FILE *out)
{
    fputs("</main>\n</html>\n", out);
}
