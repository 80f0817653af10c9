/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing, cropping and normalizing: what Pillow makes of the same images, to the bit; every format and stride. */
#include "test.h"

#include "base/file.h"
#include "base/reader.h"
#include "image/preprocess.h"
#include "image/resize.h"

#include <math.h>
#include <stdbool.h>

/* The image of make_resize_reference.py. */
static uint8_t source_at(uint32_t x, uint32_t y, uint32_t c)
{
    uint32_t noise = (x * 2654435761u) ^ (y * 2246822519u) ^ (c * 3266489917u);
    noise = (noise ^ noise >> 15) * 668265263u;
    return (uint8_t)(x * 7 + y * 13 + c * 50 + (noise >> 27));
}

static uint8_t *new_source(int32_t width, int32_t height)
{
    uint8_t *pixels = malloc((size_t)width * (size_t)height * 3), *to = pixels;
    assert_non_null(pixels);
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < 3; c++) *to++ = source_at((uint32_t)x, (uint32_t)y, c);
    return pixels;
}

/* Leaves the pixels' values as they are, so that results can be compared as bytes. */
static wrn_preprocess plain(int32_t resize, int32_t filter, int32_t height, int32_t width, int32_t order)
{
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    p.resize = resize;
    p.filter = filter;
    p.resize_height = height;
    p.resize_width = width;
    p.channel_order = order;
    p.scale_to = 255;
    for (int c = 0; c < 4; c++) p.std[c] = 1;
    return p;
}

static wrn_status run(const wrn_preprocess *p, int32_t height, int32_t width, int32_t layout, const uint8_t *pixels, int32_t image_width,
                      int32_t image_height, ptrdiff_t stride, int32_t format, float *out)
{
    struct wrn_alloc alloc = wrn_alloc_default();
    int32_t channels = p->channel_order == WRN_PIXELS_GREY ? 1 : 3;
    WRN_TRY(wrn_preprocess_check(p, channels, &test_error));
    return wrn_preprocess_run(&alloc, p, channels, height, width, layout, pixels, image_width, image_height, stride, format, out, &test_error);
}

static void equals_pillow(void **state)
{
    (void)state;
    struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_blob blob;
    int cases = 0;
    assert_ok(wrn_blob_read(&alloc, WRN_TEST_SOURCE "/tests/unit/resize_reference.bin", 1 << 20, false, &blob, &test_error));
    struct wrn_reader r = wrn_reader_make(blob.data, blob.size);
    for (; wrn_reader_left(&r) > 0; cases++) {
        int32_t v[10]; /* channels, image width and height, resize, filter, resize height and width, height and width, order */
        for (int i = 0; i < 10; i++) v[i] = (int32_t)wrn_read_u32(&r);
        size_t count = (size_t)v[0] * (size_t)v[7] * (size_t)v[8];
        const uint8_t *expected = wrn_read_bytes(&r, count);
        assert_non_null(expected);
        uint8_t *pixels = new_source(v[1], v[2]);
        float *out = malloc(count * sizeof *out);
        assert_non_null(out);
        wrn_preprocess p = plain(v[3], v[4], v[5], v[6], v[9]);
        assert_ok(run(&p, v[7], v[8], WRN_LAYOUT_NHWC, pixels, v[1], v[2], v[1] * 3, WRN_PIXELS_RGB, out));
        for (size_t i = 0; i < count; i++)
            if (out[i] != (float)expected[i])
                fail_msg("case %d (%d x %d, resize %d, filter %d): element %zu is %g, Pillow has %d", cases, v[1], v[2], v[3],
                         v[4], i, (double)out[i], expected[i]);
        free(out);
        free(pixels);
    }
    assert_false(r.failed);
    assert_true(cases > 100);
    wrn_blob_free(&blob);
}

/* The same picture in another format, rows `gap` bytes longer, bottom-up if `flip`. */
static uint8_t *reformat(const uint8_t *rgb, int32_t width, int32_t height, int32_t format, size_t gap, bool flip, uint8_t **first)
{
    static const int order[][3] = { [WRN_PIXELS_RGB] = { 0, 1, 2 }, [WRN_PIXELS_BGR] = { 2, 1, 0 },
                                    [WRN_PIXELS_RGBA] = { 0, 1, 2 }, [WRN_PIXELS_BGRA] = { 2, 1, 0 } };
    size_t bytes = format >= WRN_PIXELS_RGBA ? 4 : 3, row = (size_t)width * bytes + gap;
    uint8_t *made = malloc(row * (size_t)height - gap); /* no gap after the last row: reading it is an error */
    assert_non_null(made);
    memset(made, 0xee, row * (size_t)height - gap);
    for (size_t y = 0; y < (size_t)height; y++)
        for (size_t x = 0; x < (size_t)width; x++)
            for (size_t c = 0; c < 3; c++)
                made[(flip ? (size_t)height - 1 - y : y) * row + x * bytes + (size_t)order[format][c]] = rgb[(y * (size_t)width + x) * 3 + c];
    *first = flip ? made + row * ((size_t)height - 1) : made;
    return made;
}

static void formats_and_strides(void **state)
{
    (void)state;
    enum { W = 21, H = 17, SIDE = 12, COUNT = SIDE * SIDE * 3 };
    uint8_t *rgb = new_source(W, H);
    float expected[COUNT], got[COUNT];
    for (int32_t order = WRN_PIXELS_RGB; order <= WRN_PIXELS_GREY; order += order == WRN_PIXELS_BGR ? 3 : 1) {
        wrn_preprocess p = plain(WRN_RESIZE_STRETCH, WRN_FILTER_BICUBIC, SIDE, SIDE, order);
        size_t count = order == WRN_PIXELS_GREY ? COUNT / 3 : COUNT;
        assert_ok(run(&p, SIDE, SIDE, WRN_LAYOUT_NCHW, rgb, W, H, W * 3, WRN_PIXELS_RGB, expected));
        for (int32_t format = WRN_PIXELS_RGB; format <= WRN_PIXELS_BGRA; format++)
            for (int flip = 0; flip < 2; flip++) {
                uint8_t *first, *made = reformat(rgb, W, H, format, 5, flip, &first);
                ptrdiff_t row = W * (format >= WRN_PIXELS_RGBA ? 4 : 3) + 5;
                assert_ok(run(&p, SIDE, SIDE, WRN_LAYOUT_NCHW, first, W, H, flip ? -row : row, format, got));
                assert_memory_equal(got, expected, count * sizeof *got);
                free(made);
            }
    }
    free(rgb);
}

static void grey_becomes_three_equal_channels(void **state)
{
    (void)state;
    const uint8_t grey[6] = { 0, 10, 99, 100, 200, 255 };
    float out[18], one[6];
    wrn_preprocess p = plain(WRN_RESIZE_NONE, WRN_FILTER_BILINEAR, 0, 0, WRN_PIXELS_RGB);
    assert_ok(run(&p, 2, 3, WRN_LAYOUT_NHWC, grey, 3, 2, 3, WRN_PIXELS_GREY, out));
    for (int i = 0; i < 18; i++) assert_true(out[i] == grey[i / 3]);
    assert_ok(run(&p, 2, 3, WRN_LAYOUT_NCHW, grey, 3, 2, 3, WRN_PIXELS_GREY, out));
    for (int i = 0; i < 18; i++) assert_true(out[i] == grey[i % 6]);
    p.channel_order = WRN_PIXELS_GREY;
    assert_ok(run(&p, 2, 3, WRN_LAYOUT_NCHW, grey, 3, 2, 3, WRN_PIXELS_GREY, one));
    for (int i = 0; i < 6; i++) assert_true(one[i] == grey[i]);
}

static void normalizes(void **state)
{
    (void)state;
    uint8_t pixels[256 * 3];
    float out[256 * 3];
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i / 3);
    wrn_preprocess p;
    p.struct_size = sizeof p;
    assert_ok(wrn_preprocess_preset("imagenet", 1, 256, &p, &test_error));
    p.resize = WRN_RESIZE_NONE;
    assert_ok(run(&p, 1, 256, WRN_LAYOUT_NCHW, pixels, 256, 1, 256 * 3, WRN_PIXELS_RGB, out));
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++)
            assert_true(out[c * 256 + v] == (float)((v / 255.0 - (double)p.mean[c]) / (double)p.std[c]));
}

static void a_window_is_a_part_of_the_whole(void **state)
{
    (void)state;
    enum { W = 53, H = 41, TO_W = 37, TO_H = 64 };
    struct wrn_alloc alloc = wrn_alloc_default();
    uint8_t *rgb = new_source(W, H), whole[TO_H][TO_W * 3], part[9][11 * 3];
    struct wrn_pixels from = { rgb, W, H, W * 3, WRN_PIXELS_RGB };
    for (int32_t filter = WRN_FILTER_NEAREST; filter <= WRN_FILTER_BOX; filter++) {
        struct wrn_resize r = { TO_W, TO_H, filter, WRN_PIXELS_RGB, 0, 0, TO_W, TO_H };
        assert_ok(wrn_resize_run(&alloc, &r, &from, whole[0], sizeof whole[0], &test_error));
        for (int32_t left = 0; left <= TO_W - 11; left += 13)
            for (int32_t top = 0; top <= TO_H - 9; top += 11) {
                struct wrn_resize window = { TO_W, TO_H, filter, WRN_PIXELS_RGB, left, top, 11, 9 };
                assert_ok(wrn_resize_run(&alloc, &window, &from, part[0], sizeof part[0], &test_error));
                for (int y = 0; y < 9; y++) assert_memory_equal(part[y], &whole[top + y][left * 3], sizeof part[y]);
            }
    }
    free(rgb);
}

static void hostile_arguments(void **state)
{
    (void)state;
    uint8_t pixels[48] = { 0 };
    float out[48];
    wrn_preprocess p = plain(WRN_RESIZE_STRETCH, WRN_FILTER_BILINEAR, 4, 4, WRN_PIXELS_RGB);
    assert_fails(run(&p, 4, 4, 0, NULL, 4, 4, 12, WRN_PIXELS_RGB, out), WRN_E_ARG, "pixels is NULL");
    assert_fails(run(&p, 4, 4, 0, pixels, 0, 4, 12, WRN_PIXELS_RGB, out), WRN_E_ARG, "0 x 4");
    assert_fails(run(&p, 4, 4, 0, pixels, 4, -1, 12, WRN_PIXELS_RGB, out), WRN_E_ARG, "4 x -1");
    assert_fails(run(&p, 4, 4, 0, pixels, INT32_MAX, 1, PTRDIFF_MAX, WRN_PIXELS_RGB, out), WRN_E_LIMIT, "2147483647");
    assert_fails(run(&p, 4, 4, 0, pixels, 4, 4, 11, WRN_PIXELS_RGB, out), WRN_E_ARG, "stride");
    assert_fails(run(&p, 4, 4, 0, pixels, 4, 4, -11, WRN_PIXELS_RGB, out), WRN_E_ARG, "stride");
    assert_fails(run(&p, 4, 4, 0, pixels, 4, 4, 0, WRN_PIXELS_RGB, out), WRN_E_ARG, "stride");
    assert_fails(run(&p, 4, 4, 0, pixels, 4, 4, PTRDIFF_MAX, WRN_PIXELS_RGB, out), WRN_E_ARG, "address space");
    assert_fails(run(&p, 4, 4, 0, pixels, 4, 4, PTRDIFF_MIN, WRN_PIXELS_RGB, out), WRN_E_ARG, "address space");
    assert_fails(run(&p, 4, 4, 0, pixels, 4, 4, 12, 0, out), WRN_E_ARG, "pixel_format: 0");
    assert_fails(run(&p, 4, 4, 0, pixels, 4, 4, 12, 6, out), WRN_E_ARG, "pixel_format: 6");
    p.resize = WRN_RESIZE_NONE;
    assert_fails(run(&p, 4, 4, 0, pixels, 3, 4, 12, WRN_PIXELS_RGB, out), WRN_E_SHAPE, "3 x 4");
    p = plain(WRN_RESIZE_SHORTER, WRN_FILTER_LANCZOS, 32768, 0, WRN_PIXELS_GREY);
    uint8_t *line = calloc(1, WRN_IMAGE_MAX_SIDE);
    assert_fails(run(&p, 1, 1, 0, line, WRN_IMAGE_MAX_SIDE, 1, WRN_IMAGE_MAX_SIDE, WRN_PIXELS_GREY, out), WRN_E_LIMIT, "long and thin");
    p.resize_height = 4;
    assert_ok(run(&p, 4, 4, 0, line, WRN_IMAGE_MAX_SIDE, 1, WRN_IMAGE_MAX_SIDE, WRN_PIXELS_GREY, out));
    free(line);
}

static void hostile_options(void **state)
{
    const wrn_preprocess good = plain(WRN_RESIZE_STRETCH, WRN_FILTER_BILINEAR, 4, 4, WRN_PIXELS_RGB);
    wrn_preprocess p;
    (void)state;
    assert_ok(wrn_preprocess_check(&good, 3, &test_error));
    assert_fails(wrn_preprocess_check(&good, 1, &test_error), WRN_E_SHAPE, "channel_order");
    assert_fails(wrn_preprocess_check(&good, 4, &test_error), WRN_E_UNSUPPORTED, "4 channels");
#define refuse(field, value, status)                                                                                   \
    do {                                                                                                               \
        p = good;                                                                                                      \
        p.field = (value);                                                                                             \
        assert_fails(wrn_preprocess_check(&p, 3, &test_error), status, "preprocess.");                                 \
    } while (0)
    refuse(channel_order, 0, WRN_E_ARG);
    refuse(channel_order, WRN_PIXELS_RGBA, WRN_E_ARG);
    refuse(channel_order, WRN_PIXELS_GREY, WRN_E_SHAPE);
    refuse(resize, 3, WRN_E_ARG);
    refuse(resize, -1, WRN_E_ARG);
    refuse(filter, 5, WRN_E_ARG);
    refuse(resize_height, 0, WRN_E_ARG);
    refuse(resize_width, 1 << 30, WRN_E_ARG);
    refuse(crop_height, -1, WRN_E_ARG);
    refuse(crop_width, INT32_MAX, WRN_E_ARG);
    refuse(scale_to, 0, WRN_E_ARG);
    refuse(scale_to, NAN, WRN_E_ARG);
    refuse(mean[2], INFINITY, WRN_E_ARG);
    refuse(std[0], 0, WRN_E_ARG);
    refuse(std[1], NAN, WRN_E_ARG);
    refuse(std[2], -1, WRN_E_ARG);
    refuse(std[2], 1e-45f, WRN_E_NUMERIC);
#undef refuse
    p = good;
    p.std[3] = 0; /* a channel that the network does not have */
    assert_ok(wrn_preprocess_check(&p, 3, &test_error));
}

static void presets(void **state)
{
    (void)state;
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    assert_ok(wrn_preprocess_preset("cifar", 32, 40, &p, &test_error));
    assert_true(p.resize == WRN_RESIZE_STRETCH && p.resize_height == 32 && p.resize_width == 40 && p.crop_width == 40);
    assert_true(p.scale_to == 255 && p.mean[0] == 125.3f && p.std[2] == 66.7f);
    assert_ok(wrn_preprocess_preset("svhn", 32, 32, &p, &test_error));
    assert_true(p.scale_to == 1 && p.mean[0] == 0 && p.std[2] == 1);
    assert_ok(wrn_preprocess_preset("imagenet", 224, 224, &p, &test_error));
    assert_true(p.resize == WRN_RESIZE_SHORTER && p.resize_height == 256 && p.crop_height == 224);
    assert_true(p.mean[0] == 0.485f && p.std[0] == 0.229f);
    assert_ok(wrn_preprocess_preset("imagenet-v2", 224, 224, &p, &test_error));
    assert_int_equal(p.resize_height, 232);
    for (int32_t side = 1; side <= 32768; side *= 2) {
        const char *const names[] = { "cifar", "svhn", "imagenet", "imagenet-v2" };
        for (int i = 0; i < 4; i++) {
            assert_ok(wrn_preprocess_preset(names[i], side, side, &p, &test_error));
            assert_ok(wrn_preprocess_check(&p, 3, &test_error));
        }
    }
    assert_fails(wrn_preprocess_preset(NULL, 32, 32, &p, &test_error), WRN_E_ARG, "name is NULL");
    assert_fails(wrn_preprocess_preset("cifar", 32, 32, NULL, &test_error), WRN_E_ARG, "NULL");
    assert_fails(wrn_preprocess_preset("cifar", 0, 32, &p, &test_error), WRN_E_ARG, "height");
    assert_fails(wrn_preprocess_preset("cifar", 32, INT32_MAX, &p, &test_error), WRN_E_ARG, "width");
    assert_fails(wrn_preprocess_preset("Cifar", 32, 32, &p, &test_error), WRN_E_NOTFOUND, "Cifar");
    p.struct_size = 8;
    assert_fails(wrn_preprocess_preset("cifar", 32, 32, &p, &test_error), WRN_E_ARG, "struct_size");
}

static void *some_memory(void *user, size_t size, size_t alignment)
{
    int *left = user;
    void *memory;
    if ((*left)-- <= 0) return NULL;
    return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

static void give_back(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static void every_allocation_fails_in_turn(void **state)
{
    (void)state;
    uint8_t *rgb = new_source(20, 10);
    float out[3 * 16];
    const wrn_preprocess p = plain(WRN_RESIZE_STRETCH, WRN_FILTER_LANCZOS, 4, 4, WRN_PIXELS_RGB);
    int allowed = 0;
    wrn_status status;
    do {
        int left = allowed;
        struct wrn_alloc alloc = { &left, some_memory, give_back };
        status = wrn_preprocess_run(&alloc, &p, 3, 4, 4, WRN_LAYOUT_NCHW, rgb, 20, 10, 60, WRN_PIXELS_RGB, out, &test_error);
        if (status != WRN_OK) assert_int_equal(status, WRN_E_NOMEM);
    } while (status != WRN_OK && ++allowed < 100);
    assert_in_range(allowed, 8, 99);
    free(rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_pillow),
        cmocka_unit_test(formats_and_strides),
        cmocka_unit_test(grey_becomes_three_equal_channels),
        cmocka_unit_test(normalizes),
        cmocka_unit_test(a_window_is_a_part_of_the_whole),
        cmocka_unit_test(hostile_arguments),
        cmocka_unit_test(hostile_options),
        cmocka_unit_test(presets),
        cmocka_unit_test(every_allocation_fails_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
