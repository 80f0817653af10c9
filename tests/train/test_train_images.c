/* SPDX-License-Identifier: Apache-2.0 */
/* Augmentation and the feed: which pixel goes where, and that nothing but seed, epoch and image decides. */
#include "test.h"
#include "train_feed.h"
#include "train_random.h"

enum { IMAGES = 23, BATCH = 5, STEPS = 5, BYTES = 3 * 32 * 32 };

static struct wrn_layout layout(void)
{
    return (struct wrn_layout){ .c = 3, .cp = 4, .h = 32, .w = 32, .halo = { 1, 2, 3, 4 }, .row = 38 * 4, .image = 36 * 38 * 4, .origin = 38 * 4 + 2 * 4 };
}

static struct wrnt_augment augment(bool plain, int32_t cutout)
{
    struct wrnt_augment a = { .preprocess = { .channel_order = WRN_PIXELS_RGB, .scale_to = 255, .mean = { 1, 2, 3 }, .std = { 2, 4, 8 } },
                              .side = 32, .pads = true, .plain = plain, .cutout = cutout };
    wrnt_augment_make(&a);
    return a;
}

static void put(const struct wrnt_augment *a, const uint8_t *pixels, uint64_t bits, const struct wrn_layout *l, float *map)
{
    uint8_t buffer[BYTES];
    assert_ok(wrnt_augment_image(a, &(wrn_train_image){ pixels, 32, 32, NULL }, bits, l, map + l->origin, buffer, &test_error));
}

/* Pixels that tell where they come from: row in red, column in green, noise in blue. */
static void fill(uint8_t *pixels, int32_t image)
{
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++) {
            uint8_t *pixel = pixels + 3 * (y * 32 + x);
            pixel[0] = (uint8_t)y;
            pixel[1] = (uint8_t)x;
            pixel[2] = (uint8_t)(wrnt_mix((uint64_t)(image * 1024 + y * 32 + x)) & 255);
        }
}

static float at(const struct wrn_layout *l, const float *map, int y, int x, int c)
{
    return map[l->origin + (size_t)y * l->row + (size_t)(x * l->cp + c)];
}

static int reflected(int i)
{
    return i < 0 ? -i : i > 31 ? 62 - i : i;
}

static void flips_and_crops(void **state)
{
    (void)state;
    const struct wrn_layout l = layout();
    const struct wrnt_augment a = augment(false, 0);
    uint8_t pixels[BYTES];
    float *map = calloc(l.image, sizeof *map);
    int flips = 0, seen[9][9] = { { 0 } };
    fill(pixels, 0);
    for (uint64_t i = 0; i < 3000; i++) {
        put(&a, pixels, wrnt_mix(i), &l, map);
        /* The middle of the map is never reflected, so it tells the shift and whether it was flipped. */
        int top = (int)(at(&l, map, 15, 15, 0) * 2 + 1) - 15, column = (int)(at(&l, map, 15, 15, 1) * 4 + 2);
        bool flip = at(&l, map, 15, 16, 1) < at(&l, map, 15, 15, 1);
        int left = flip ? column - 16 : column - 15;
        assert_true(top >= -4 && top <= 4 && left >= -4 && left <= 4);
        seen[top + 4][left + 4]++;
        flips += flip;
        for (int y = 0; y < 32; y++)
            for (int x = 0; x < 32; x++) {
                int from_y = reflected(y + top), from_x = reflected((flip ? 31 - x : x) + left);
                assert_true(at(&l, map, y, x, 0) == ((float)from_y - 1) / 2 && at(&l, map, y, x, 1) == ((float)from_x - 2) / 4);
                assert_true(at(&l, map, y, x, 2) == ((float)pixels[3 * (from_y * 32 + from_x) + 2] - 3) / 8 && at(&l, map, y, x, 3) == 0);
            }
    }
    assert_true(flips > 1300 && flips < 1700);
    for (int i = 0; i < 81; i++) assert_true(seen[i / 9][i % 9] > 10);
    for (size_t i = 0; i < l.origin; i++) assert_true(map[i] == 0);
    free(map);
}

static void plain_images_and_holes(void **state)
{
    (void)state;
    const struct wrn_layout l = layout();
    uint8_t pixels[BYTES];
    float *map = calloc(l.image, sizeof *map), *holes = calloc(l.image, sizeof *holes);
    fill(pixels, 1);
    const struct wrnt_augment plain = augment(true, 0), cut = augment(true, 8);
    put(&plain, pixels, 77, &l, map);
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++) assert_true(at(&l, map, y, x, 0) == ((float)y - 1) / 2 && at(&l, map, y, x, 1) == ((float)x - 2) / 4);
    int most = 0;
    for (uint64_t i = 0; i < 100; i++) {
        put(&cut, pixels, wrnt_mix(i), &l, holes);
        int changed = 0;
        for (int y = 0; y < 32; y++)
            for (int x = 0; x < 32; x++) {
                bool hole = at(&l, holes, y, x, 0) != at(&l, map, y, x, 0) || at(&l, holes, y, x, 1) != at(&l, map, y, x, 1);
                if (hole) assert_true(at(&l, holes, y, x, 0) == 0 && at(&l, holes, y, x, 1) == 0 && at(&l, holes, y, x, 2) == 0);
                changed += hole;
            }
        assert_true(changed >= 16 - 1 && changed <= 64); /* a quarter of it at least is on the map; pixel (1, 2) is 0 anyway */
        if (changed > most) most = changed;
    }
    assert_int_equal(most, 64);
    free(map);
    free(holes);
}

/* ---- the feed ---- */

static struct wrnt_feed *feed_at(const struct wrnt_data *data, const struct wrnt_augment *a, const struct wrn_layout *l, int32_t epoch, int32_t step)
{
    struct wrnt_feed *feed;
    const struct wrnt_feed_options o = { .data = data, .augment = a, .layout = l, .batch = BATCH, .epoch = epoch, .step = step, .seed = 5, .makers = 1, .share = { BATCH, 0, 1 } };
    assert_ok(wrnt_feed_start(&o, &feed, &test_error));
    return feed;
}

static const struct wrnt_feed_batch *next_of(struct wrnt_feed *feed)
{
    const struct wrnt_feed_batch *batch;
    assert_ok(wrnt_feed_next(feed, &batch, &test_error));
    return batch;
}

static void feed_starts_anywhere(void **state)
{
    (void)state;
    const struct wrn_layout l = layout();
    const struct wrnt_augment a = augment(false, 0);
    uint8_t *pixels = malloc(IMAGES * BYTES);
    int32_t labels[IMAGES];
    for (int32_t i = 0; i < IMAGES; i++) {
        fill(pixels + i * BYTES, i);
        labels[i] = i; /* so that a batch tells which images it has */
    }
    const struct wrnt_data data = { .side = 32, .train = { IMAGES, pixels, labels } };
    assert_int_equal(wrnt_feed_steps(IMAGES, BATCH), STEPS);

    float *record = malloc(3 * STEPS * BATCH * l.image * sizeof *record);
    int32_t recorded[3 * STEPS][BATCH];
    struct wrnt_feed *feed = feed_at(&data, &a, &l, 0, 0);
    for (int n = 0; n < 3 * STEPS; n++) {
        const struct wrnt_feed_batch *b = next_of(feed);
        assert_int_equal(b->images, n % STEPS == STEPS - 1 ? IMAGES % BATCH : BATCH);
        memcpy(record + (size_t)n * BATCH * l.image, b->input, (size_t)b->images * l.image * sizeof *record);
        memcpy(recorded[n], b->labels, (size_t)b->images * sizeof(int32_t));
    }
    wrnt_feed_stop(feed);
    /* Each epoch has each image once, in another order. */
    for (int epoch = 0; epoch < 3; epoch++) {
        int count[IMAGES] = { 0 };
        for (int i = 0; i < IMAGES; i++) count[recorded[epoch * STEPS + i / BATCH][i % BATCH]]++;
        for (int i = 0; i < IMAGES; i++) assert_int_equal(count[i], 1);
    }
    assert_memory_not_equal(recorded[0], recorded[STEPS], sizeof recorded[0]);

    for (int n = 0; n < 3 * STEPS; n += 4) {
        feed = feed_at(&data, &a, &l, n / STEPS, n % STEPS);
        for (int m = n; m < 3 * STEPS && m < n + 3; m++) {
            const struct wrnt_feed_batch *b = next_of(feed);
            assert_memory_equal(b->input, record + (size_t)m * BATCH * l.image, (size_t)b->images * l.image * sizeof *record);
            assert_memory_equal(b->labels, recorded[m], (size_t)b->images * sizeof(int32_t));
        }
        wrnt_feed_stop(feed);
    }
    wrnt_feed_stop(NULL);
    free(record);
    free(pixels);
}

/* Mixed batches are sums of the unmixed ones, and their shares have the distribution's mean and variance. */
static void mixes_pairs(void **state)
{
    (void)state;
    const struct wrn_layout l = layout();
    const struct wrnt_augment a = augment(true, 0);
    uint8_t *pixels = malloc(IMAGES * BYTES);
    int32_t labels[IMAGES];
    for (int32_t i = 0; i < IMAGES; i++) {
        fill(pixels + i * BYTES, i);
        labels[i] = i;
    }
    const struct wrnt_data data = { .side = 32, .train = { IMAGES, pixels, labels } };
    const double alpha = 0.4;
    const struct wrnt_feed_options mixed = { .data = &data, .augment = &a, .layout = &l, .batch = BATCH, .seed = 5, .mixup = alpha, .makers = 2, .share = { BATCH, 0, 1 } };
    struct wrnt_feed *plain_feed = feed_at(&data, &a, &l, 0, 0), *mixed_feed;
    assert_ok(wrnt_feed_start(&mixed, &mixed_feed, &test_error));
    double sum = 0, squares = 0;
    const int batches = 2000;
    for (int n = 0; n < batches; n++) {
        const struct wrnt_feed_batch *m = next_of(mixed_feed);
        sum += m->share;
        squares += m->share * m->share;
        if (n >= 2 * STEPS) continue;
        const struct wrnt_feed_batch *p = next_of(plain_feed);
        float share = (float)m->share;
        for (int32_t i = 0; i < p->images; i++) {
            const float *x = p->input + (size_t)i * l.image, *y = p->input + (size_t)((i + 1) % p->images) * l.image, *z = m->input + (size_t)i * l.image;
            assert_true(m->labels[i] == p->labels[i] && m->others[i] == p->labels[(i + 1) % p->images]);
            for (size_t j = 0; j < l.image; j++) assert_true(z[j] == share * x[j] + (1 - share) * y[j]);
        }
    }
    double mean = sum / batches, variance = squares / batches - mean * mean, wanted = 1 / (4 * (2 * alpha + 1));
    if (!(mean > 0.46 && mean < 0.54 && variance > 0.92 * wanted && variance < 1.08 * wanted))
        fail_msg("mean %g, variance %g, expected 0.5 and %g", mean, variance, wanted);
    wrnt_feed_stop(plain_feed);
    wrnt_feed_stop(mixed_feed);
    free(pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flips_and_crops), cmocka_unit_test(plain_images_and_holes), cmocka_unit_test(feed_starts_anywhere),
        cmocka_unit_test(mixes_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
