/* SPDX-License-Identifier: Apache-2.0 */
/* The log as an SVG: losses on the left axis, errors on the right. */
#include "train_directory.h"

#include "base/file.h"
#include "train_locale.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LOG (1 << 28)
#define LEFT 60
#define TOP 30
#define WIDTH 640
#define HEIGHT 320

enum { EPOCH, RATE, LOSS, TRAIN, TEST, COLUMNS };

struct lines {
    double *numbers; /* rows of COLUMNS */
    size_t count;
};

/* Reads the first columns of each line that begins with a number. */
static wrn_status read_log(const struct wrnt_directory *d, const struct wrn_alloc *alloc, struct lines *lines, wrn_error *error)
{
    struct wrn_blob blob;
    size_t rows = 1;
    WRN_TRY(wrn_blob_read(alloc, d->log, MAX_LOG, false, &blob, error));
    for (size_t i = 0; i < blob.size; i++) rows += blob.data[i] == '\n';
    char *text = wrn_mem_alloc(alloc, blob.size + 1, 1);
    lines->numbers = wrn_mem_zalloc(alloc, rows * COLUMNS, sizeof *lines->numbers);
    wrn_status status = text && lines->numbers ? WRN_OK : wrn_fail(error, WRN_E_NOMEM, "out of memory");
    if (status == WRN_OK) {
        memcpy(text, blob.data, blob.size);
        text[blob.size] = 0;
        for (char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
            double *to = lines->numbers + lines->count * COLUMNS;
            char *at = line;
            int column = 0;
            for (; column < COLUMNS; column++, at++) {
                char *end;
                to[column] = strtod(at, &end);
                if (end == at || *end != ',' || !isfinite(to[column])) break;
                at = end;
            }
            lines->count += column == COLUMNS;
        }
    }
    wrn_mem_free(alloc, text);
    wrn_blob_free(&blob);
    return status;
}

static WRN_PRINTF(3, 4) wrn_status put(struct wrn_writer *w, wrn_error *error, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return wrn_writer_put(w, text, (size_t)length, error);
}

struct curve {
    int column;
    bool complement; /* one minus the column: an error rate */
    double most;     /* the top of its axis */
    const char *name, *colour;
};

static wrn_status put_curve(struct wrn_writer *w, const struct lines *lines, const struct curve *c, int number, wrn_error *error)
{
    double last = lines->count ? lines->numbers[(lines->count - 1) * COLUMNS + EPOCH] : 1;
    WRN_TRY(put(w, error, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", c->colour));
    for (size_t i = 0; i < lines->count; i++) {
        const double *row = lines->numbers + i * COLUMNS;
        double value = c->complement ? 1 - row[c->column] : row[c->column];
        WRN_TRY(put(w, error, "%.1f,%.1f ", LEFT + WIDTH * row[EPOCH] / last, TOP + HEIGHT * (1 - fmin(value / c->most, 1))));
    }
    WRN_TRY(put(w, error, "\"/>\n<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n", LEFT + 10 + 140 * number, TOP - 10, c->colour, c->name));
    return WRN_OK;
}

static wrn_status put_axes(struct wrn_writer *w, const struct lines *lines, double most_loss, wrn_error *error)
{
    double last = lines->count ? lines->numbers[(lines->count - 1) * COLUMNS + EPOCH] : 1;
    for (int i = 0; i <= 4; i++) {
        int y = TOP + HEIGHT * (4 - i) / 4, x = LEFT + WIDTH * i / 4;
        WRN_TRY(put(w, error, "<path d=\"M%d %dH%d\" stroke=\"#ddd\"/>\n", LEFT, y, LEFT + WIDTH));
        WRN_TRY(put(w, error, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.3g</text>\n", LEFT - 6, y + 4, most_loss * i / 4));
        WRN_TRY(put(w, error, "<text x=\"%d\" y=\"%d\">%d %%</text>\n", LEFT + WIDTH + 6, y + 4, 25 * i));
        WRN_TRY(put(w, error, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%.4g</text>\n", x, TOP + HEIGHT + 18, last * i / 4));
    }
    return put(w, error, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">epoch</text>\n", LEFT + WIDTH / 2, TOP + HEIGHT + 36);
}

static wrn_status draw(struct wrn_writer *w, const struct lines *lines, wrn_error *error)
{
    double most = 0;
    for (size_t i = 0; i < lines->count; i++) most = fmax(most, lines->numbers[i * COLUMNS + LOSS]);
    if (most == 0) most = 1;
    const struct curve curves[] = { { LOSS, false, most, "training loss", "#1f77b4" }, { TRAIN, true, 1, "training error", "#2ca02c" },
                                    { TEST, true, 1, "test error", "#d62728" } };
    WRN_TRY(put(w, error, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n",
                LEFT + WIDTH + 60, TOP + HEIGHT + 50));
    WRN_TRY(put(w, error, "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"));
    WRN_TRY(put_axes(w, lines, most, error));
    for (int i = 0; i < 3; i++) WRN_TRY(put_curve(w, lines, &curves[i], i, error));
    return put(w, error, "</svg>\n");
}

wrn_status wrnt_chart_write(const struct wrnt_directory *d, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct lines lines = { NULL, 0 };
    struct wrn_writer *w;
    struct wrnt_locale locale = wrnt_locale_begin();
    wrn_status status = read_log(d, &alloc, &lines, error);
    if (status == WRN_OK) status = wrn_writer_open(&alloc, d->chart, &w, error);
    if (status == WRN_OK) {
        status = draw(w, &lines, error);
        if (status == WRN_OK) status = wrn_writer_commit(w, error);
        else wrn_writer_abort(w);
    }
    wrnt_locale_end(locale);
    wrn_mem_free(&alloc, lines.numbers);
    return status;
}
