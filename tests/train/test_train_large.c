/* SPDX-License-Identifier: Apache-2.0 */
/* Images of any size: the parts that are trained on, and the feed that loads them. */
#include "image/preprocess.h"
#include "test.h"
#include "train_feed.h"
#include "train_random.h"

#include <math.h>
#include <stdatomic.h>

enum { IMAGES = 23, BATCH = 5, STEPS = 5, WIDE = 200, HIGH = 120, SIDE = 32, BYTES = 3 * SIDE * SIDE };

static struct wrn_layout layout(void)
{
    return (struct wrn_layout){ .c = 3, .cp = 4, .h = 32, .w = 32, .halo = { 1, 2, 3, 4 }, .row = 38 * 4, .image = 36 * 38 * 4, .origin = 38 * 4 + 2 * 4 };
}

static float at(const struct wrn_layout *l, const float *map, int y, int x, int c)
{
    return map[l->origin + (size_t)y * l->row + (size_t)(x * l->cp + c)];
}

/* ---- parts of larger images ---- */

static struct wrnt_augment resizing(double crop_scale, bool plain)
{
    struct wrnt_augment a = { .side = SIDE, .plain = plain, .crop_scale = crop_scale };
    a.preprocess = (wrn_preprocess)WRN_PREPROCESS_INIT;
    assert_ok(wrn_preprocess_preset("svhn", SIDE, SIDE, &a.preprocess, &test_error));
    wrnt_augment_make(&a);
    return a;
}

/* What a pixel is tells where it comes from: red grows to the right, green downwards, one a pixel. */
static uint8_t *make_slope(int width, int height)
{
    uint8_t *pixels = malloc((size_t)(3 * width * height));
    for (int i = 0; i < width * height; i++) {
        pixels[3 * i] = (uint8_t)(i % width);
        pixels[3 * i + 1] = (uint8_t)(i / width);
        pixels[3 * i + 2] = (uint8_t)(i % 251);
    }
    return pixels;
}

static void augment_large(const struct wrnt_augment *a, const uint8_t *pixels, int width, int height, uint64_t bits, const struct wrn_layout *l, float *map)
{
    uint8_t buffer[BYTES];
    assert_ok(wrnt_augment_image(a, &(wrn_train_image){ pixels, width, height, NULL }, bits, l, map + l->origin, buffer, &test_error));
}

/* How many pixels of the image lie between the centres of the map's first and last pixel, from a channel that grows by one. */
static double extent(double first, double last)
{
    return fabs(last - first) * 255 * SIDE / (SIDE - 1);
}

static void random_parts(void **state)
{
    (void)state;
    const struct wrn_layout l = layout();
    const struct wrnt_augment a = resizing(0.2, false);
    uint8_t *pixels = make_slope(WIDE, HIGH);
    float *map = calloc(l.image, sizeof *map), *again = calloc(l.image, sizeof *map);
    double least = 1, most = 0, narrowest = 9, widest = 0, left = 999, right = 0;
    int flips = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        augment_large(&a, pixels, WIDE, HIGH, wrnt_mix(i), &l, map);
        double first = at(&l, map, 15, 0, 0), last = at(&l, map, 15, 31, 0), w = extent(first, last), h = extent(at(&l, map, 0, 15, 1), at(&l, map, 31, 15, 1));
        double area = w * h / (WIDE * HIGH), ratio = w / h, middle = 255 * (first + last) / 2;
        flips += first > last;
        assert_true(at(&l, map, 0, 15, 1) < at(&l, map, 31, 15, 1));
        /* The edge of an image has half a pixel less of a slope, and bytes are rounded. */
        if (!(area > 0.18 && area < 1 && ratio > 0.7 && ratio < 1.4)) fail_msg("%d: %g x %g", (int)i, w, h);
        least = fmin(least, area);
        most = fmax(most, area);
        narrowest = fmin(narrowest, ratio);
        widest = fmax(widest, ratio);
        left = fmin(left, middle);
        right = fmax(right, middle);
    }
    assert_true(flips > 420 && flips < 580);
    if (!(least < 0.23 && most > 0.7 && narrowest < 0.8 && widest > 1.28)) fail_msg("areas %g to %g, ratios %g to %g", least, most, narrowest, widest);
    if (!(left < 55 && right > 145)) fail_msg("middles from %g to %g", left, right);
    augment_large(&a, pixels, WIDE, HIGH, 77, &l, map);
    augment_large(&a, pixels, WIDE, HIGH, 77, &l, again);
    assert_memory_equal(map, again, l.image * sizeof *map);
    free(map);
    free(again);
    free(pixels);
}

/* Where nothing fits it is the middle, as much of it as may be; and test images are what the runtime makes of them. */
static void whole_and_thin_images(void **state)
{
    (void)state;
    const struct wrn_alloc alloc = wrn_alloc_default();
    const struct wrn_layout l = layout();
    const struct wrnt_augment whole = resizing(1, false);
    struct wrnt_augment plain = resizing(1, true);
    float *map = calloc(l.image, sizeof *map), *floats = malloc(BYTES * sizeof *floats);
    uint8_t *pixels = make_slope(WIDE, HIGH);
    for (uint64_t i = 0; i < 10; i++) {
        augment_large(&whole, pixels, WIDE, HIGH, i, &l, map);
        assert_true(fabs(extent(at(&l, map, 15, 0, 0), at(&l, map, 15, 31, 0)) - HIGH * 4 / 3.0) < 1.5);
        assert_true(fabs(255 * (at(&l, map, 15, 0, 0) + at(&l, map, 15, 31, 0)) / 2 - (WIDE - 1) / 2.0) < 1);
    }
    for (int size = 1; size < 700; size = size * 3 + 1) {
        uint8_t *thin = make_slope(size, 1);
        augment_large(&whole, thin, size, 1, 5, &l, map);
        augment_large(&whole, thin, 1, size, 5, &l, map);
        free(thin);
    }
    assert_ok(wrn_preprocess_preset("imagenet", SIDE, SIDE, &plain.preprocess, &test_error));
    wrnt_augment_make(&plain);
    augment_large(&plain, pixels, WIDE, HIGH, 3, &l, map);
    assert_ok(wrn_preprocess_run(&alloc, &plain.preprocess, 3, SIDE, SIDE, WRN_LAYOUT_NHWC, pixels, WIDE, HIGH, 3 * WIDE, WRN_PIXELS_RGB, floats, &test_error));
    for (int i = 0; i < BYTES; i++) assert_true(fabsf(at(&l, map, i / 3 / SIDE, i / 3 % SIDE, i % 3) - floats[i]) < 1e-6f);
    free(floats);
    free(map);
    free(pixels);
}

/* ---- images that are loaded ---- */

struct loader {
    uint8_t *pixels;
    int32_t broken; /* image that cannot be loaded, and all after it */
    atomic_int taken, wrong;
};

static wrn_status load(void *user, int32_t test, int32_t index, wrn_train_image *image, wrn_error *error)
{
    struct loader *l = user;
    l->wrong += test != 0;
    if (index >= l->broken) {
        error->status = WRN_E_FORMAT;
        snprintf(error->message, sizeof error->message, "image %d is broken", index);
        return WRN_E_FORMAT;
    }
    l->taken++;
    *image = (wrn_train_image){ l->pixels, WIDE - index, HIGH, l };
    return WRN_OK;
}

static void release(void *user, wrn_train_image *image)
{
    struct loader *l = user;
    l->wrong += image->owner != user;
    l->taken--;
}

static const struct wrnt_feed_batch *next_of(struct wrnt_feed *feed)
{
    const struct wrnt_feed_batch *batch;
    assert_ok(wrnt_feed_next(feed, &batch, &test_error));
    return batch;
}

static void any_number_of_makers(void **state)
{
    (void)state;
    const struct wrn_layout l = layout();
    const struct wrnt_augment a = resizing(0.08, false);
    struct loader loader = { .pixels = make_slope(WIDE, HIGH), .broken = IMAGES };
    int32_t labels[IMAGES];
    for (int32_t i = 0; i < IMAGES; i++) labels[i] = i;
    const struct wrnt_data data = { .train = { IMAGES, NULL, labels }, .user = &loader, .load = load, .release = release };
    struct wrnt_feed_options o = { .data = &data, .augment = &a, .layout = &l, .batch = BATCH, .seed = 5, .mixup = 0.5, .makers = 1, .share = { BATCH, 0, 1 } };
    struct wrnt_feed *one, *many;
    assert_ok(wrnt_feed_start(&o, &one, &test_error));
    o.makers = 7;
    assert_ok(wrnt_feed_start(&o, &many, &test_error));
    for (int n = 0; n < 5 * STEPS; n++) {
        const struct wrnt_feed_batch *x = next_of(one), *y = next_of(many);
        assert_true(x->images == y->images && x->share == y->share);
        assert_memory_equal(x->input, y->input, (size_t)x->images * l.image * sizeof(float));
        assert_memory_equal(x->labels, y->labels, (size_t)x->images * sizeof(int32_t));
    }
    wrnt_feed_stop(one);
    wrnt_feed_stop(many);
    assert_true(loader.taken == 0 && loader.wrong == 0);
    free(loader.pixels);
}

/* The batches before the one that fails are good, and of its images the first one's reason is given. */
static void an_image_that_cannot_be_loaded(void **state)
{
    (void)state;
    const struct wrn_layout l = layout();
    const struct wrnt_augment a = resizing(0.08, false);
    struct loader loader = { .pixels = make_slope(WIDE, HIGH), .broken = IMAGES };
    int32_t labels[IMAGES];
    for (int32_t i = 0; i < IMAGES; i++) labels[i] = i;
    const struct wrnt_data data = { .train = { IMAGES, NULL, labels }, .user = &loader, .load = load, .release = release };
    struct wrnt_feed_options o = { .data = &data, .augment = &a, .layout = &l, .batch = BATCH, .seed = 5, .makers = 1, .share = { BATCH, 0, 1 } };
    struct wrnt_feed *feed;
    const struct wrnt_feed_batch *batch;
    int32_t order[IMAGES];
    int good, first = -1;
    assert_ok(wrnt_feed_start(&o, &feed, &test_error));
    for (int n = 0; n < STEPS; n++) {
        batch = next_of(feed);
        memcpy(order + n * BATCH, batch->labels, (size_t)batch->images * sizeof *order);
    }
    wrnt_feed_stop(feed);
    for (int i = 0; i < IMAGES && first < 0; i++)
        if (order[i] >= 19) first = i;
    loader.broken = 19;
    for (o.makers = 1; o.makers <= 4; o.makers++) {
        wrn_status status = WRN_OK;
        char text[32];
        assert_ok(wrnt_feed_start(&o, &feed, &test_error));
        for (good = 0; status == WRN_OK; good++) status = wrnt_feed_next(feed, &batch, &test_error);
        assert_int_equal(good - 1, first / BATCH);
        snprintf(text, sizeof text, "image %d is broken", order[first]);
        assert_true(status == WRN_E_FORMAT && test_error.status == WRN_E_FORMAT);
        assert_string_equal(test_error.message, text);
        wrnt_feed_stop(feed);
    }
    assert_true(loader.taken == 0 && loader.wrong == 0);
    free(loader.pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_parts), cmocka_unit_test(whole_and_thin_images), cmocka_unit_test(any_number_of_makers),
        cmocka_unit_test(an_image_that_cannot_be_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
