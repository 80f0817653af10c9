/* SPDX-License-Identifier: Apache-2.0 */
/* From pixels to predictions. That resizing is Pillow's has its own test; this is about what the public functions make
 * of it. */
#include "api_model.h"

#include "graph/importer.h"
#include "make_graph.h"

#include <math.h>

#define SIDE API_SIDE

static wrn_model *model;
static uint8_t rgb[SIDE * SIDE * 3];

static int setup(void **state)
{
    (void)state;
    uint32_t noise = 3;
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)((noise = noise * 1664525u + 1013904223u) >> 24);
    model = api_load(NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wrn_free(model);
    return 0;
}

static void preprocess(const uint8_t *pixels, ptrdiff_t stride, int32_t format, float *input)
{
    assert_ok(wrn_preprocess_image(model, pixels, SIDE, SIDE, stride, format, input, API_INPUT, &test_error));
}

/* "cifar" is (value - mean) / std on the scale of 255; planes of red, green, blue. */
static void normalization(void **state)
{
    (void)state;
    const double mean[] = { 125.3, 123.0, 113.9 }, std[] = { 63.0, 62.1, 66.7 };
    float input[API_INPUT];
    preprocess(rgb, SIDE * 3, WRN_PIXELS_RGB, input);
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < SIDE * SIDE; i++)
            assert_true(fabs(input[c * SIDE * SIDE + i] - (rgb[3 * i + c] - mean[c]) / std[c]) < 1e-6);
}

/* The same picture in every format, also bottom-up and with gaps between rows. */
static void formats(void **state)
{
    (void)state;
    float expected[API_INPUT], got[API_INPUT];
    static uint8_t pixels[SIDE][SIDE * 4 + 5];
    const struct {
        int32_t format;
        size_t bytes, red, green, blue;
    } all[] = { { WRN_PIXELS_RGB, 3, 0, 1, 2 },
                { WRN_PIXELS_BGR, 3, 2, 1, 0 },
                { WRN_PIXELS_RGBA, 4, 0, 1, 2 },
                { WRN_PIXELS_BGRA, 4, 2, 1, 0 } };
    preprocess(rgb, SIDE * 3, WRN_PIXELS_RGB, expected);
    for (size_t f = 0; f < 4; f++) {
        for (int flip = 0; flip < 2; flip++) {
            memset(pixels, 0x77, sizeof pixels);
            for (size_t y = 0; y < SIDE; y++)
                for (size_t x = 0; x < SIDE; x++) {
                    uint8_t *to = &pixels[flip ? SIDE - 1 - y : y][x * all[f].bytes];
                    const uint8_t *from = rgb + (y * SIDE + x) * 3;
                    to[all[f].red] = from[0], to[all[f].green] = from[1], to[all[f].blue] = from[2];
                }
            ptrdiff_t stride = (ptrdiff_t)sizeof pixels[0];
            preprocess(flip ? pixels[SIDE - 1] : pixels[0], flip ? -stride : stride, all[f].format, got);
            assert_memory_equal(got, expected, sizeof got);
        }
    }
    uint8_t grey[SIDE * SIDE], three[SIDE * SIDE * 3];
    for (size_t i = 0; i < sizeof grey; i++)
        three[3 * i] = three[3 * i + 1] = three[3 * i + 2] = grey[i] = rgb[i];
    preprocess(three, SIDE * 3, WRN_PIXELS_RGB, expected);
    preprocess(grey, SIDE, WRN_PIXELS_GREY, got);
    assert_memory_equal(got, expected, sizeof got);
}

static void image_fails(int32_t width, int32_t height, ptrdiff_t stride, int32_t format, wrn_status status,
                        const char *text)
{
    float input[API_INPUT];
    wrn_prediction top[1];
    assert_fails(wrn_preprocess_image(model, rgb, width, height, stride, format, input, API_INPUT, &test_error), status,
                 text);
    assert_fails(wrn_classify(model, rgb, width, height, stride, format, 1, top, &test_error), status, text);
}

static void images_that_cannot_be(void **state)
{
    (void)state;
    float input[API_INPUT];
    image_fails(0, SIDE, SIDE * 3, WRN_PIXELS_RGB, WRN_E_ARG, "width");
    image_fails(SIDE, 0, SIDE * 3, WRN_PIXELS_RGB, WRN_E_ARG, "height");
    image_fails(-1, SIDE, SIDE * 3, WRN_PIXELS_RGB, WRN_E_ARG, "width");
    image_fails(SIDE, INT32_MIN, SIDE * 3, WRN_PIXELS_RGB, WRN_E_ARG, "height");
    image_fails(INT32_MAX, INT32_MAX, PTRDIFF_MAX, WRN_PIXELS_RGBA, WRN_E_LIMIT, "");
    image_fails(INT32_MAX, 1, PTRDIFF_MAX, WRN_PIXELS_RGB, WRN_E_LIMIT, "");
    image_fails(SIDE, SIDE, SIDE * 3 - 1, WRN_PIXELS_RGB, WRN_E_ARG, "stride");
    image_fails(SIDE, SIDE, 1 - SIDE * 3, WRN_PIXELS_RGB, WRN_E_ARG, "stride");
    image_fails(SIDE, SIDE, 0, WRN_PIXELS_GREY, WRN_E_ARG, "stride");
    image_fails(SIDE, SIDE, PTRDIFF_MAX, WRN_PIXELS_RGB, WRN_E_ARG, "stride");
    image_fails(SIDE, SIDE, PTRDIFF_MIN, WRN_PIXELS_RGB, WRN_E_ARG, "stride");
    image_fails(SIDE, SIDE, SIDE * 3, 0, WRN_E_ARG, "pixel_format");
    image_fails(SIDE, SIDE, SIDE * 3, 6, WRN_E_ARG, "pixel_format");
    image_fails(SIDE, SIDE, SIDE * 3, -1, WRN_E_ARG, "pixel_format");
    assert_fails(
        wrn_preprocess_image(model, rgb, SIDE, SIDE, SIDE * 3, WRN_PIXELS_RGB, input, API_INPUT - 1, &test_error),
        WRN_E_ARG, "input_count");
}

/* Predictions are those of preprocessing, inference and softmax done one by one. */
static void predictions(void **state)
{
    (void)state;
    float input[API_INPUT], probabilities[API_CLASSES];
    wrn_prediction top[API_CLASSES];
    preprocess(rgb, SIDE * 3, WRN_PIXELS_RGB, input);
    float *logits = api_infer(model, 1, input);
    assert_ok(wrn_probabilities(model, logits, API_CLASSES, probabilities, &test_error));
    double sum = 0, total = 0;
    for (int i = 0; i < API_CLASSES; i++)
        sum += exp(logits[i]);
    for (int i = 0; i < API_CLASSES; i++) {
        assert_true(fabs(probabilities[i] - exp(logits[i]) / sum) < 1e-6);
        total += probabilities[i];
    }
    assert_true(fabs(total - 1) < 1e-5);
    for (int32_t k = 1; k <= API_CLASSES; k++) {
        assert_ok(wrn_classify(model, rgb, SIDE, SIDE, SIDE * 3, WRN_PIXELS_RGB, k, top, &test_error));
        for (int32_t i = 0; i < k; i++) {
            assert_true(top[i].probability == probabilities[top[i].index]);
            assert_true(top[i].score == logits[top[i].index]);
            assert_string_equal(top[i].label, wrn_model_label(model, top[i].index));
            if (i > 0) assert_true(top[i - 1].probability >= top[i].probability);
        }
        for (int32_t c = 0, better = 0; c < API_CLASSES; c++) {
            better += probabilities[c] > top[k - 1].probability;
            assert_true(better < k);
        }
    }
    assert_ok(wrn_probabilities(model, logits, API_CLASSES, logits, &test_error)); /* in place */
    assert_memory_equal(logits, probabilities, sizeof probabilities);
    logits[3] = NAN;
    assert_fails(wrn_probabilities(model, logits, API_CLASSES, probabilities, &test_error), WRN_E_NUMERIC, "output for class");
    free(logits);
    const int32_t bad[] = { 0, -1, API_CLASSES + 1, INT32_MAX };
    for (size_t i = 0; i < 4; i++)
        assert_fails(wrn_classify(model, rgb, SIDE, SIDE, SIDE * 3, WRN_PIXELS_RGB, bad[i], top, &test_error),
                     WRN_E_ARG, "k is");
}

/* A network that ends in softmax gives probabilities itself: the same ones, and they are taken as they are. */
static void network_with_softmax(void **state)
{
    (void)state;
    struct make_graph o = make_graph_small();
    o.softmax = true;
    struct wrn_graph *g = make_graph(&o);
    char *path = api_file_write("", 0);
    assert_ok(wrn_wrnfile_write(g, NULL, path, &test_error));
    wrn_graph_free(g);
    wrn_model *other;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    assert_ok(wrn_load(path, NULL, &other, &test_error));
    api_file_remove(path);
    assert_ok(wrn_model_get_info(other, &info, &test_error));
    assert_int_equal(info.output_kind, WRN_OUTPUT_PROBABILITIES);

    float input[API_INPUT], expected[API_CLASSES], got[API_CLASSES];
    preprocess(rgb, SIDE * 3, WRN_PIXELS_RGB, input);
    float *logits = api_infer(model, 1, input), *output = api_infer(other, 1, input);
    assert_ok(wrn_probabilities(model, logits, API_CLASSES, expected, &test_error));
    assert_ok(wrn_probabilities(other, output, API_CLASSES, got, &test_error));
    assert_memory_equal(got, output, sizeof got);
    for (int i = 0; i < API_CLASSES; i++)
        assert_true(fabs(got[i] - expected[i]) < 1e-6);
    free(logits);
    free(output);
    wrn_free(other);
}

static void odd_sizes(void **state)
{
    (void)state;
    uint8_t *pixels = calloc(1, 70000 * 3);
    const int32_t sizes[][2] = { { 1, 1 }, { 1, 300 }, { 300, 1 }, { 11, 13 }, { 13, 11 }, { 200, 100 }, { 70000, 1 } };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        wrn_prediction top[1];
        assert_ok(wrn_classify(model, pixels, sizes[i][0], sizes[i][1], sizes[i][0] * 3, WRN_PIXELS_RGB, 1, top,
                               &test_error));
        assert_in_range(top[0].index, 0, API_CLASSES - 1);
    }
    free(pixels);
}

static void without_preprocessing(void **state)
{
    (void)state;
    struct api_file file = api_bare_file();
    wrn_model *bare;
    wrn_prediction top[1];
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    float input[API_INPUT];
    assert_ok(wrn_load_memory(file.data, file.size, NULL, &bare, &test_error));
    assert_ok(wrn_model_get_info(bare, &info, &test_error));
    assert_int_equal(info.has_preprocess, 0);
    assert_fails(wrn_classify(bare, rgb, SIDE, SIDE, SIDE * 3, WRN_PIXELS_RGB, 1, top, &test_error), WRN_E_PREPROCESS,
                 "preprocess");
    assert_fails(wrn_preprocess_image(bare, rgb, SIDE, SIDE, SIDE * 3, WRN_PIXELS_RGB, input, API_INPUT, &test_error),
                 WRN_E_PREPROCESS, "preprocess");
    assert_fails(wrn_model_get_preprocess(bare, &p, &test_error), WRN_E_PREPROCESS, "preprocess");
    wrn_free(bare);
}

/* Preprocessing may come as an option; labels that the file lacks are the class's number. */
static void preprocessing_as_option(void **state)
{
    (void)state;
    struct api_file file = api_bare_file();
    wrn_load_options options = api_options(NULL, 2);
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    wrn_prediction top[1], expected[1];
    wrn_model *bare;
    assert_ok(wrn_preprocess_preset("cifar", SIDE, SIDE, &p, &test_error));
    options.preprocess = &p;
    assert_ok(wrn_load_memory(file.data, file.size, &options, &bare, &test_error));
    memset(&p, 0, sizeof p); /* it was copied */
    assert_ok(wrn_classify(bare, rgb, SIDE, SIDE, SIDE * 3, WRN_PIXELS_RGB, 1, top, &test_error));
    assert_ok(wrn_classify(model, rgb, SIDE, SIDE, SIDE * 3, WRN_PIXELS_RGB, 1, expected, &test_error));
    assert_int_equal(top[0].index, expected[0].index);
    assert_true(top[0].score == expected[0].score);
    char number[16];
    snprintf(number, sizeof number, "%d", (int)top[0].index);
    assert_string_equal(top[0].label, number);
    assert_null(wrn_model_label(bare, 0));
    wrn_free(bare);
}

/* With another input size than the file's, images are still shown whole: preprocessing follows. */
static void another_input_size(void **state)
{
    (void)state;
    wrn_load_options options = api_options(NULL, 2);
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    wrn_model *larger;
    options.height = 2 * SIDE;
    options.width = 3 * SIDE;
    larger = api_load(&options);
    assert_ok(wrn_model_get_preprocess(larger, &p, &test_error));
    assert_int_equal(p.crop_height, 2 * SIDE);
    assert_int_equal(p.crop_width, 3 * SIDE);
    assert_int_equal(p.resize_height, 2 * SIDE);
    assert_int_equal(p.resize_width, 3 * SIDE);
    static uint8_t white[SIDE * SIDE * 3];
    static float input[6 * API_INPUT];
    memset(white, 255, sizeof white);
    assert_ok(
        wrn_preprocess_image(larger, white, SIDE, SIDE, SIDE * 3, WRN_PIXELS_RGB, input, 6 * API_INPUT, &test_error));
    for (size_t i = 1; i < 2 * API_INPUT; i++)
        assert_true(input[i] == input[0]); /* the red plane, no black border */
    wrn_free(larger);
    assert_ok(wrn_preprocess_preset("imagenet", 2 * SIDE, 3 * SIDE, &p, &test_error));
    options.preprocess = &p; /* one that is given is taken as it is */
    larger = api_load(&options);
    wrn_free(larger);
    p.crop_height--;
    assert_fails(wrn_load_memory(api_file().data, api_file().size, &options, &larger, &test_error), WRN_E_SHAPE,
                 "crops to");
}

static void presets(void **state)
{
    (void)state;
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    assert_ok(wrn_preprocess_preset("imagenet", 224, 224, &p, &test_error));
    assert_int_equal(p.resize, WRN_RESIZE_SHORTER);
    assert_int_equal(p.resize_height, 256);
    assert_int_equal(p.crop_width, 224);
    assert_ok(wrn_preprocess_preset("imagenet-v2", 224, 224, &p, &test_error));
    assert_int_equal(p.resize_height, 232);
    assert_ok(wrn_preprocess_preset("svhn", 32, 32, &p, &test_error));
    assert_true(p.scale_to == 1 && p.mean[0] == 0 && p.std[2] == 1);
    assert_fails(wrn_preprocess_preset("mnist", 28, 28, &p, &test_error), WRN_E_NOTFOUND, "'mnist'");
    const int32_t bad[] = { 0, -1, INT32_MAX };
    for (size_t i = 0; i < 3; i++) {
        assert_fails(wrn_preprocess_preset("cifar", bad[i], 32, &p, &test_error), WRN_E_ARG, "height");
        assert_fails(wrn_preprocess_preset("cifar", 32, bad[i], &p, &test_error), WRN_E_ARG, "width");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalization),         cmocka_unit_test(formats),
        cmocka_unit_test(images_that_cannot_be), cmocka_unit_test(predictions),
        cmocka_unit_test(network_with_softmax),  cmocka_unit_test(odd_sizes),
        cmocka_unit_test(without_preprocessing), cmocka_unit_test(preprocessing_as_option),
        cmocka_unit_test(another_input_size),    cmocka_unit_test(presets),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
