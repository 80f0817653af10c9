/* SPDX-License-Identifier: Apache-2.0 */
/* wrn classify: the most probable classes of images. */
#include "commands.h"
#include "html_report.h"
#include "image.h"
#include "json_out.h"
#include "model_open.h"
#include "output_file.h"
#include "term.h"
#include "text.h"

#include <stdlib.h>

struct classifier {
    wrn_model *model;
    wrn_prediction *top;
    int32_t k;
    int label_width;
    bool several, as_json;
    FILE *html; /* NULL: none */
};

static bool classify(const struct classifier *c, const char *path, wrn_error *error)
{
    struct image image;
    if (!image_load(path, &image, error)) return false;
    wrn_status status = wrn_classify(c->model, image.pixels, image.width, image.height, (ptrdiff_t)image.width * 3,
                                     WRN_PIXELS_RGB, c->k, c->top, error);
    image_free(&image);
    return status == WRN_OK;
}

static void print_top(const struct classifier *c, const char *path)
{
    term_style(stdout, STYLE_BOLD);
    text_print(stdout, path);
    term_style(stdout, STYLE_PLAIN);
    fputc('\n', stdout);
    for (int32_t i = 0; i < c->k; i++) {
        const wrn_prediction *p = &c->top[i];
        term_style(stdout, i == 0 ? STYLE_GREEN : STYLE_DIM);
        printf("  %5.1f%%  ", 100 * (double)p->probability);
        text_print_padded(stdout, p->label, c->label_width);
        fputs("  ", stdout);
        term_bar(stdout, (double)p->probability, 30);
        term_style(stdout, STYLE_PLAIN);
        fputc('\n', stdout);
    }
    if (c->several) fputc('\n', stdout);
}

static void write_top(const struct classifier *c, const char *path, struct json *json)
{
    json_object(json, NULL);
    json_string(json, "file", path);
    json_array(json, "top");
    for (int32_t i = 0; i < c->k; i++) {
        json_object(json, NULL);
        json_string(json, "label", c->top[i].label);
        json_integer(json, "index", c->top[i].index);
        json_number(json, "probability", (double)c->top[i].probability);
        json_number(json, "score", (double)c->top[i].score);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

static void write_error(const char *path, const wrn_error *error, struct json *json)
{
    json_object(json, NULL);
    json_string(json, "file", path);
    json_string(json, "error", error->message);
    json_object_end(json);
}

static void show(const struct classifier *c, const char *path, struct json *json)
{
    if (c->as_json)
        write_top(c, path, json);
    else
        print_top(c, path);
    if (c->html) html_image(c->html, path, c->top, c->k);
}

static void show_error(const struct classifier *c, const char *path, const wrn_error *error, struct json *json)
{
    fflush(stdout);
    report(path, error);
    if (c->as_json) write_error(path, error, json);
    if (c->html) html_failure(c->html, path, error);
}

/* An image that cannot be read does not keep the others from being classified. */
static int classify_all(const struct classifier *c, int count, char **paths)
{
    struct json json = json_start(stdout);
    wrn_error error;
    int status = 0;
    if (c->as_json) json_array(&json, NULL);
    for (int i = 0; i < count; i++) {
        if (classify(c, paths[i], &error)) {
            show(c, paths[i], &json);
        } else {
            show_error(c, paths[i], &error, &json);
            status = 1;
        }
    }
    if (c->as_json) {
        json_array_end(&json);
        json_finish(&json);
    }
    return finish_output(status);
}

/* The same with a page beside it. */
static int classify_to_page(struct classifier *c, const char *page, int count, char **arguments)
{
    wrn_error error;
    c->html = output_open(page, &error);
    if (!c->html) return report(page, &error);
    html_begin(c->html, arguments[0]);
    int status = classify_all(c, count - 1, arguments + 1);
    html_end(c->html);
    return output_close(c->html, page, true, &error) ? status : report(page, &error);
}

static int widest_label(const wrn_model *model, int32_t count)
{
    int widest = 5;
    for (int32_t i = 0; i < count; i++) {
        int width = text_width(wrn_model_label(model, i));
        if (width > widest) widest = width;
    }
    return widest < 40 ? widest : 40;
}

int cmd_classify(int argc, char **argv)
{
    struct model_options model_options = { 0 };
    struct preprocess_options preprocess = PREPROCESS_OPTIONS_INIT;
    int32_t k = 5;
    const char *page = NULL;
    struct classifier c = { 0 };
    const struct option options[] = {
        OPTION_INTEGER("k", "N", "how many classes to show (default 5)", &k, 1, 1 << 20),
        OPTION_FLAG("json", "print JSON", &c.as_json),
        OPTION_TEXT("html", "FILE", "write a page that shows the pictures with their classes", &page),
        MODEL_OPTION_ROWS(model_options),
        PREPROCESS_OPTION_ROWS(preprocess),
        { 0 },
    };
    const struct usage usage = {
        .command = "classify",
        .arguments = "MODEL IMAGE...",
        .text = "The most probable classes of JPEG and PNG images.",
        .min_arguments = 2,
        .max_arguments = 1 << 30,
        .options = options,
    };
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_error error;
    int status;

    if (!options_parse(&usage, &argc, argv, &status)) return status;
    if (!image_available())
        return complain("classify: this wrn was built without libjpeg and libspng, so it reads no images");
    if (!model_open_for_images(argv[0], &model_options, &preprocess, &c.model, &error)) return report(argv[0], &error);
    status = 1;
    if (wrn_model_get_info(c.model, &info, &error) != WRN_OK) {
        report(argv[0], &error);
        goto done;
    }
    c.k = (uint64_t)k < info.output_size ? k : (int32_t)info.output_size;
    c.top = calloc((size_t)c.k, sizeof *c.top);
    if (!c.top) {
        complain("no memory for %d classes", c.k);
        goto done;
    }
    c.label_width = widest_label(c.model, info.label_count);
    c.several = argc > 2;
    status = page ? classify_to_page(&c, page, argc, argv) : classify_all(&c, argc - 1, argv + 1);

done:
    free(c.top);
    wrn_free(c.model);
    return status;
}
