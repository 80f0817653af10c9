/* SPDX-License-Identifier: Apache-2.0 */
#include "confusion.h"
#include "output_file.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>

enum { MARGIN = 140, TOP = 110, NUMBERS_UP_TO = 40, NAMES_UP_TO = 100 };

bool confusion_make(struct confusion *c, size_t classes, wrn_error *error)
{
    if (classes > CONFUSION_MAX_CLASSES)
        return fail_with(error, WRN_E_LIMIT, "--confusion: %zu classes are too many for a picture, %d are possible", classes, CONFUSION_MAX_CLASSES);
    c->classes = classes;
    c->counts = calloc(classes * classes, sizeof *c->counts);
    return c->counts || fail_with(error, WRN_E_NOMEM, "no memory for %zu x %zu counts", classes, classes);
}

void confusion_free(struct confusion *c)
{
    free(c->counts);
    c->counts = NULL;
}

void confusion_add(struct confusion *c, size_t label, size_t taken_for)
{
    c->counts[label * c->classes + taken_for]++;
}

static double row_sum(const struct confusion *c, size_t row)
{
    double sum = 0;
    for (size_t i = 0; i < c->classes; i++) sum += c->counts[row * c->classes + i];
    return sum;
}

static void write_name(FILE *out, const wrn_model *model, size_t class)
{
    const char *label = wrn_model_label(model, (int32_t)class);
    if (label)
        text_write_markup(out, label);
    else
        fprintf(out, "%zu", class);
}

/* What was right in blue, what was not in red; rare confusions are to be seen too, so the colour grows with the root. */
static void write_cell(FILE *out, const struct confusion *c, size_t row, size_t column, double share, double cell)
{
    uint32_t count = c->counts[row * c->classes + column];
    double x = MARGIN + (double)column * cell, y = TOP + (double)row * cell;
    if (count == 0) return;
    fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" fill-opacity=\"%.3f\"/>\n", x, y, cell, cell,
            row == column ? "#1f6fc9" : "#d62728", sqrt(share));
    if (c->classes > NUMBERS_UP_TO) return;
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\"%s>%u</text>\n", x + cell / 2, y + cell / 2 + 4,
            share > 0.4 ? " fill=\"white\"" : "", (unsigned)count);
}

static void write_names(FILE *out, const struct confusion *c, const wrn_model *model, double cell)
{
    for (size_t i = 0; i < c->classes; i++) {
        double middle = ((double)i + 0.5) * cell;
        fprintf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", MARGIN - 8, TOP + middle + 4);
        write_name(out, model, i);
        fprintf(out, "</text>\n<text transform=\"translate(%.1f %d) rotate(-45)\">", MARGIN + middle, TOP - 8);
        write_name(out, model, i);
        fputs("</text>\n", out);
    }
}

static void write_picture(FILE *out, const struct confusion *c, const wrn_model *model)
{
    const double cell = c->classes <= NUMBERS_UP_TO ? 44 : c->classes <= NAMES_UP_TO ? 16 : 2, side = cell * (double)c->classes;
    fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" font-family=\"sans-serif\" font-size=\"12\">\n",
            MARGIN + side + 60, TOP + side + 50);
    fputs("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n", out);
    for (size_t row = 0; row < c->classes; row++) {
        double sum = row_sum(c, row);
        for (size_t column = 0; column < c->classes; column++)
            write_cell(out, c, row, column, (double)c->counts[row * c->classes + column] / sum, cell);
    }
    if (c->classes <= NAMES_UP_TO) write_names(out, c, model, cell);
    fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%.0f\" height=\"%.0f\" fill=\"none\" stroke=\"#888\"/>\n", MARGIN, TOP, side, side);
    fprintf(out, "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">rows: what it is; columns: what it was taken for</text>\n</svg>\n",
            MARGIN + side / 2, TOP + side + 28);
}

bool confusion_write(const struct confusion *c, const wrn_model *model, const char *path, wrn_error *error)
{
    FILE *out = output_open(path, error);
    if (!out) return false;
    write_picture(out, c, model);
    return output_close(out, path, true, error);
}
