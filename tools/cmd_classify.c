/* SPDX-License-Identifier: Apache-2.0 */
/* wrn classify: the most probable classes of images. */
#include "commands.h"
#include "image.h"
#include "json_out.h"
#include "model_open.h"
#include "term.h"
#include "text.h"

#include <stdlib.h>

struct classifier {
    wrn_model *model;
    wrn_prediction *top;
    int32_t k;
    int label_width;
    bool several;
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

/* An image that cannot be read does not keep the others from being classified. */
static int classify_all(const struct classifier *c, int count, char **paths, bool as_json)
{
    struct json json = json_start(stdout);
    wrn_error error;
    int status = 0;
    if (as_json) json_array(&json, NULL);
    for (int i = 0; i < count; i++) {
        bool classified = classify(c, paths[i], &error);
        if (!classified) {
            fflush(stdout);
            status = report(paths[i], &error);
        }
        if (as_json && classified)
            write_top(c, paths[i], &json);
        else if (as_json)
            write_error(paths[i], &error, &json);
        else if (classified)
            print_top(c, paths[i]);
    }
    if (as_json) {
        json_array_end(&json);
        json_finish(&json);
    }
    return finish_output(status);
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
    bool as_json = false;
    const struct option options[] = {
        OPTION_INTEGER("k", "N", "how many classes to show (default 5)", &k, 1, 1 << 20),
        OPTION_FLAG("json", "print JSON", &as_json),
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
    struct classifier c = { 0 };
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
    status = classify_all(&c, argc - 1, argv + 1, as_json);

done:
    free(c.top);
    wrn_free(c.model);
    return status;
}
