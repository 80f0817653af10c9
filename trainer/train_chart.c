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

/* Grid lines at round numbers: what lies between two of them, and how many steps the axis has. */
struct axis {
    double step;
    int steps;
};

/* The smallest of 1, 2, 5 times a power of ten that is not below `least`. */
static double round_up(double least)
{
    double power = pow(10, floor(log10(least)));
    for (int i = 0; i < 3; i++) {
        double step = (const double[]){ 1, 2, 5 }[i] * power;
        if (step >= least * (1 - 1e-9)) return step;
    }
    return 10 * power;
}

static double top_of(const struct axis *axis)
{
    return axis->step * axis->steps;
}

struct curve {
    int column;
    bool complement; /* one minus the column: an error rate */
    const struct axis *axis;
    const char *name, *colour;
};

static double value_of(const struct curve *c, const struct lines *lines, size_t row)
{
    double value = lines->numbers[row * COLUMNS + (size_t)c->column];
    return c->complement ? 1 - value : value;
}

static double largest(const struct curve *c, const struct lines *lines)
{
    double most = 0;
    for (size_t i = 0; i < lines->count; i++) most = fmax(most, value_of(c, lines, i));
    return most > 0 ? most : 1;
}

static wrn_status put_curve(struct wrn_writer *w, const struct lines *lines, double last, const struct curve *c, int number, wrn_error *error)
{
    WRN_TRY(put(w, error, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", c->colour));
    for (size_t i = 0; i < lines->count; i++)
        WRN_TRY(put(w, error, "%.1f,%.1f ", LEFT + WIDTH * lines->numbers[i * COLUMNS + EPOCH] / last,
                    TOP + HEIGHT * (1 - fmin(value_of(c, lines, i) / top_of(c->axis), 1))));
    WRN_TRY(put(w, error, "\"/>\n<text x=\"%d\" y=\"%d\" fill=\"%s\">%s", LEFT + 10 + 190 * number, TOP - 10, c->colour, c->name));
    if (lines->count) {
        double value = value_of(c, lines, lines->count - 1);
        WRN_TRY(c->complement ? put(w, error, ": %.2f %%", 100 * value) : put(w, error, ": %.3f", value));
    }
    return put(w, error, "</text>\n");
}

static wrn_status put_axes(struct wrn_writer *w, const struct axis *loss, const struct axis *rate, double last, wrn_error *error)
{
    for (int i = 0; i <= loss->steps; i++) {
        int y = TOP + HEIGHT * (loss->steps - i) / loss->steps;
        WRN_TRY(put(w, error, "<path d=\"M%d %dH%d\" stroke=\"#ddd\"/>\n", LEFT, y, LEFT + WIDTH));
        WRN_TRY(put(w, error, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.4g</text>\n", LEFT - 6, y + 4, loss->step * i));
        WRN_TRY(put(w, error, "<text x=\"%d\" y=\"%d\">%.4g %%</text>\n", LEFT + WIDTH + 6, y + 4, 100 * rate->step * i));
    }
    double step = fmax(1, round_up(last / 10));
    for (int i = 0; i * step <= last; i++)
        WRN_TRY(put(w, error, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n", LEFT + WIDTH * i * step / last,
                    TOP + HEIGHT + 18, i * step));
    return put(w, error, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">epoch</text>\n", LEFT + WIDTH / 2, TOP + HEIGHT + 36);
}

static wrn_status draw(struct wrn_writer *w, const struct lines *lines, wrn_error *error)
{
    struct axis loss, rate;
    const struct curve curves[] = { { LOSS, false, &loss, "training loss", "#1f77b4" }, { TRAIN, true, &rate, "training error", "#2ca02c" },
                                    { TEST, true, &rate, "test error", "#d62728" } };
    double last = lines->count ? lines->numbers[(lines->count - 1) * COLUMNS + EPOCH] : 1, most = largest(&curves[0], lines);
    loss.step = round_up(most / 5);
    loss.steps = (int)ceil(most / loss.step);
    rate.steps = loss.steps; /* one grid for both */
    rate.step = round_up(fmax(largest(&curves[1], lines), largest(&curves[2], lines)) / rate.steps);
    const int width = LEFT + WIDTH + 60, height = TOP + HEIGHT + 50;
    WRN_TRY(put(w, error, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" ", width, height, width, height));
    WRN_TRY(put(w, error, "font-family=\"sans-serif\" font-size=\"12\">\n"));
    WRN_TRY(put(w, error, "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"));
    WRN_TRY(put_axes(w, &loss, &rate, last, error));
    for (int i = 0; i < 3; i++) WRN_TRY(put_curve(w, lines, last, &curves[i], i, error));
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
