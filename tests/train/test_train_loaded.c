/* SPDX-License-Identifier: Apache-2.0 */
/* Whole runs on sets of the caller's: images of any size that are loaded one by one, and images in memory of another size. */
#include "make_cifar.h"
#include "test.h"
#include "train_random.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { TRAIN = 40, TEST = 11, CLASSES = 3, SIDE = 16 };

static char *work;
static int32_t labels[2][TRAIN];

/* Images are made up from their numbers: a colour for each class, and noise. */
struct library {
    int32_t broken[2];  /* index of the image that cannot be loaded; -1: none */
    bool silent;        /* about the reason */
    bool empty;         /* delivers an image without pixels */
    atomic_int taken, given_back;
};

static void size_of(int32_t test, int32_t index, int32_t *width, int32_t *height)
{
    uint64_t bits = wrnt_random(1, WRNT_RANDOM_ORDER, (uint64_t)test, (uint64_t)index);
    *width = 9 + (int32_t)(bits % 40);
    *height = 9 + (int32_t)(bits / 64 % 40);
}

static wrn_status load(void *user, int32_t test, int32_t index, wrn_train_image *image, wrn_error *error)
{
    struct library *l = user;
    if (index == l->broken[test]) {
        if (!l->silent) snprintf(error->message, sizeof error->message, "picture %d is torn", index);
        return WRN_E_FORMAT;
    }
    size_of(test, index, &image->width, &image->height);
    uint8_t *pixels = image->owner = malloc((size_t)(3 * image->width * image->height));
    for (int32_t i = 0; i < 3 * image->width * image->height; i++)
        pixels[i] = (uint8_t)(wrnt_mix((uint64_t)(labels[test][index] * 3 + i % 3)) % 192 + wrnt_mix((uint64_t)(index * 100000 + i)) % 64);
    image->pixels = l->empty ? NULL : pixels;
    l->taken++;
    return WRN_OK;
}

static void release(void *user, wrn_train_image *image)
{
    ((struct library *)user)->given_back++;
    free(image->owner);
}

static wrn_train_set set_of(struct library *l)
{
    return (wrn_train_set){ .struct_size = sizeof(wrn_train_set), .classes = CLASSES, .train_count = TRAIN, .test_count = TEST,
                            .train_labels = labels[0], .test_labels = labels[1], .digest = 7, .user = l, .load = load, .release = release };
}

static wrn_train_options run_on(const wrn_train_set *set, const char *name)
{
    static char paths[16][512];
    static int used;
    char *path = paths[used++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", work, name);
    wrn_train_options o = tiny_run(NULL, path);
    o.set = set;
    o.network.size = SIDE;
    o.batch = 8;
    return o;
}

static int setup(void **state)
{
    (void)state;
    work = strdup(make_directory());
    for (int32_t i = 0; i < TRAIN; i++) labels[0][i] = i * 7 % CLASSES;
    for (int32_t i = 0; i < TEST; i++) labels[1][i] = i * 5 % CLASSES;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_directory(work);
    free(work);
    return 0;
}

/* What the model file makes of the test images, as any program would ask it. */
static int recognized(const char *file)
{
    struct library l = { .broken = { -1, -1 } };
    wrn_model *model;
    int right = 0;
    assert_ok(wrn_load(file, NULL, &model, &test_error));
    for (int32_t i = 0; i < TEST; i++) {
        wrn_train_image image = { 0 };
        wrn_prediction top;
        assert_ok(load(&l, 1, i, &image, &test_error));
        assert_ok(wrn_classify(model, image.pixels, image.width, image.height, 3 * image.width, WRN_PIXELS_RGB, 1, &top, &test_error));
        right += top.index == labels[1][i];
        release(&l, &image);
    }
    wrn_free(model);
    return right;
}

struct counts {
    int32_t stop_after, calls, correct;
};

static int32_t count(void *user, const wrn_train_progress *p)
{
    struct counts *c = user;
    if (p->evaluated) c->correct = p->test_correct;
    return ++c->calls == c->stop_after;
}

static void same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    struct library l = { .broken = { -1, -1 } };
    const wrn_train_set set = set_of(&l);
    wrn_train_options one = run_on(&set, "one"), three = run_on(&set, "three"), halves = run_on(&set, "halves");
    struct counts c = { .stop_after = 0 };
    one.progress_user = &c;
    one.progress = count;
    three.threads = 3;
    assert_ok(run_trainer(&one, &test_error));
    assert_int_equal(recognized(in(one.directory, "model.wrn")), c.correct);
    assert_ok(run_trainer(&three, &test_error));
    assert_same_files(in(one.directory, "model.wrn"), in(three.directory, "model.wrn"));
    c = (struct counts){ .stop_after = 3 };
    halves.progress_user = &c;
    halves.progress = count;
    assert_fails(run_trainer(&halves, &test_error), WRN_E_CANCELLED, "stopped in epoch 1 after 3 of 5 steps");
    halves.flags = WRN_TRAIN_RESUME;
    assert_ok(run_trainer(&halves, &test_error));
    assert_same_files(in(one.directory, "model.wrn"), in(halves.directory, "model.wrn"));
    assert_true(l.taken == l.given_back && l.taken >= 3 * 2 * (TRAIN + TEST));

    /* Another set is noticed, by its digest or its labels. */
    wrn_train_set other = set;
    other.digest = 8;
    halves.set = &other;
    assert_fails(run_trainer(&halves, &test_error), WRN_E_ARG, "was made with dataset=custom of 40 and 11 images");
    other = set;
    labels[1][4] = (labels[1][4] + 1) % CLASSES;
    assert_fails(run_trainer(&halves, &test_error), WRN_E_ARG, "was made with dataset=custom of 40 and 11 images");
    labels[1][4] = 4 * 5 % CLASSES;
    assert_ok(run_trainer(&halves, &test_error));
}

/* The run ends with the reason and a checkpoint; once the image is whole it goes on as if nothing had been. */
static void an_image_that_cannot_be_loaded(void **state)
{
    (void)state;
    struct library l = { .broken = { -1, -1 } };
    const wrn_train_set set = set_of(&l);
    wrn_train_options whole = run_on(&set, "whole");
    assert_ok(run_trainer(&whole, &test_error));
    for (int test = 0; test < 2; test++) {
        wrn_train_options o = run_on(&set, test ? "torn-test" : "torn-train");
        l.broken[test] = 6;
        o.threads = 2;
        assert_fails(run_trainer(&o, &test_error), WRN_E_FORMAT, "picture 6 is torn");
        assert_int_equal(test_error.status, WRN_E_FORMAT);
        o.flags = WRN_TRAIN_RESUME;
        l.silent = true;
        assert_fails(run_trainer(&o, &test_error), WRN_E_FORMAT, test ? "test image 6 cannot be loaded" : "training image 6 cannot be loaded");
        l.silent = false;
        l.broken[test] = -1;
        l.empty = true;
        assert_fails(run_trainer(&o, &test_error), WRN_E_ARG, "cannot be loaded: argument pixels is NULL");
        l.empty = false;
        assert_ok(run_trainer(&o, &test_error));
        assert_same_files(in(whole.directory, "model.wrn"), in(o.directory, "model.wrn"));
    }
    assert_int_equal(l.taken, l.given_back);
}

static void preprocessing_travels(void **state)
{
    (void)state;
    struct library l = { .broken = { -1, -1 } };
    const wrn_train_set set = set_of(&l);
    wrn_train_options o = run_on(&set, "svhn");
    wrn_preprocess p = WRN_PREPROCESS_INIT, usual = WRN_PREPROCESS_INIT, found = WRN_PREPROCESS_INIT;
    wrn_model *model;
    assert_ok(wrn_preprocess_preset("svhn", SIDE, SIDE, &p, &test_error));
    p.filter = WRN_FILTER_BICUBIC;
    p.crop_height = p.crop_width = 0; /* the network's */
    o.preprocess = &p;
    o.epochs = 1;
    assert_ok(run_trainer(&o, &test_error));
    assert_ok(wrn_load(in(o.directory, "model.wrn"), NULL, &model, &test_error));
    assert_ok(wrn_model_get_preprocess(model, &found, &test_error));
    wrn_free(model);
    p.crop_height = p.crop_width = SIDE;
    assert_memory_equal(&found, &p, sizeof p);

    o.flags = WRN_TRAIN_RESUME;
    o.preprocess = NULL;
    assert_fails(run_trainer(&o, &test_error), WRN_E_ARG, "was made with preprocess=");
    o.preprocess = &p;
    o.crop_scale = 0.5;
    assert_fails(run_trainer(&o, &test_error), WRN_E_ARG, "was made with crop_scale=");
    o = run_on(&set, "usual");
    o.epochs = 1;
    o.flags = WRN_TRAIN_PLAIN_IMAGES;
    assert_ok(run_trainer(&o, &test_error));
    assert_ok(wrn_load(in(o.directory, "model.wrn"), NULL, &model, &test_error));
    assert_ok(wrn_model_get_preprocess(model, &found, &test_error));
    wrn_free(model);
    assert_ok(wrn_preprocess_preset("imagenet", SIDE, SIDE, &usual, &test_error));
    assert_memory_equal(&found, &usual, sizeof usual);
}

/* Of the network's size or not, and a network of odd size. */
static void in_memory_of_other_sizes(void **state)
{
    (void)state;
    enum { PICTURE = 20 };
    uint8_t *pixels = malloc(TRAIN * PICTURE * PICTURE * 3);
    for (int i = 0; i < TRAIN * PICTURE * PICTURE * 3; i++) pixels[i] = (uint8_t)wrnt_mix((uint64_t)(labels[0][i / (PICTURE * PICTURE * 3)] * 3 + i % 3));
    const wrn_train_set set = { .struct_size = sizeof set, .classes = CLASSES, .train_count = TRAIN, .test_count = TRAIN, .train_pixels = pixels,
                                .test_pixels = pixels, .train_labels = labels[0], .test_labels = labels[0], .side = PICTURE };
    const int32_t sizes[] = { 8, 13, 20, 40 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char name[16];
        struct counts c = { 0 };
        wrn_model *model;
        wrn_model_info info = WRN_MODEL_INFO_INIT;
        snprintf(name, sizeof name, "size-%d", sizes[i]);
        wrn_train_options o = run_on(&set, name);
        o.network.size = sizes[i];
        o.progress_user = &c;
        o.progress = count;
        assert_ok(run_trainer(&o, &test_error));
        assert_ok(wrn_load(in(o.directory, "model.wrn"), NULL, &model, &test_error));
        assert_ok(wrn_model_get_info(model, &info, &test_error));
        assert_int_equal(info.input_size, 3 * sizes[i] * sizes[i]);
        int right = 0;
        for (int32_t n = 0; n < TRAIN; n++) {
            wrn_prediction top;
            const uint8_t *picture = pixels + n * PICTURE * PICTURE * 3;
            assert_ok(wrn_classify(model, picture, PICTURE, PICTURE, 3 * PICTURE, WRN_PIXELS_RGB, 1, &top, &test_error));
            right += top.index == labels[0][n];
        }
        assert_int_equal(right, c.correct);
        wrn_free(model);
    }
    free(pixels);
}

static void refused(const wrn_train_options *o, wrn_status status, const char *text)
{
    wrn_trainer *trainer;
    assert_fails(wrn_train_create(o, &trainer, &test_error), status, text);
    assert_null(trainer);
}

static void refused_options(void **state)
{
    (void)state;
    struct library l = { .broken = { -1, -1 } };
    wrn_train_set set = set_of(&l);
    const uint8_t pixels[3] = { 0 };
    wrn_train_options o = run_on(&set, "refused"), good = o;
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    set.train_pixels = pixels;
    refused(&o, WRN_E_ARG, "load and train_pixels are both there");
    set = set_of(&l);
    set.load = NULL;
    refused(&o, WRN_E_ARG, "train_pixels is NULL, and so is load");
    set = set_of(&l);
    set.side = -1;
    refused(&o, WRN_E_ARG, "side: -1");
    set = set_of(&l);
    set.reserved = 1;
    refused(&o, WRN_E_UNSUPPORTED, "reserved");
    set = set_of(&l);
    o.network.size = 7;
    refused(&o, WRN_E_ARG, "option size: 7 is not in 8 to 1024");
    o.network.size = 1025;
    refused(&o, WRN_E_ARG, "option size: 1025");
    o = good;
    o.crop_scale = 1.5;
    refused(&o, WRN_E_ARG, "option crop_scale: 1.5");
    o = good;
    o.preprocess = &p;
    assert_ok(wrn_preprocess_preset("cifar", SIDE, SIDE + 1, &p, &test_error));
    refused(&o, WRN_E_SHAPE, "option preprocess crops to 16 x 17, the network takes 16 x 16");
    assert_ok(wrn_preprocess_preset("cifar", SIDE, SIDE, &p, &test_error));
    p.channel_order = WRN_PIXELS_BGR;
    refused(&o, WRN_E_UNSUPPORTED, "option preprocess: networks are trained on RGB alone");
    p.channel_order = WRN_PIXELS_RGB;
    p.std[1] = 0;
    refused(&o, WRN_E_ARG, "std[1]");
    assert_int_equal(l.taken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_for_any_number_of_threads), cmocka_unit_test(an_image_that_cannot_be_loaded), cmocka_unit_test(preprocessing_travels),
        cmocka_unit_test(in_memory_of_other_sizes), cmocka_unit_test(refused_options),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
