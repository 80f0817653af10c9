/* SPDX-License-Identifier: Apache-2.0 */
/* Whole runs on small data sets: what they leave behind, and how they end that cannot go on. */
#include "make_cifar.h"
#include "test.h"

#include <signal.h>
#include <sys/resource.h>

static char *work, *data; /* a directory, and CIFAR-10 in it */
static int32_t steps_of_epoch; /* of data, with batches of 16 */

static int setup(void **state)
{
    (void)state;
    work = strdup(make_directory());
    data = strdup(in(work, "data"));
    make_cifar10(data, 21, 50); /* 105 images: the last batch is one of 9 */
    steps_of_epoch = 7;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_directory(work);
    free(work);
    free(data);
    return 0;
}

static void learns_and_leaves_its_files(void **state)
{
    (void)state;
    const char *directory = strdup(in(work, "learns"));
    struct watch w = { 0 };
    wrn_train_options o = tiny_run(data, directory);
    o.epochs = 6;
    o.progress = watch;
    o.progress_user = &w;
    assert_ok(run_trainer(&o, &test_error));
    assert_int_equal(w.calls, 6 * (steps_of_epoch + 1));
    assert_int_equal(w.evaluations, 6);
    if (!(w.last_loss < 0.5 * w.first_loss)) fail_msg("the loss went from %g to %g", w.first_loss, w.last_loss);
    if (w.last_correct < 25) fail_msg("%d of 50 test images are recognized", w.last_correct);
    assert_int_equal(count_right(data, in(directory, "model.wrn")), w.last_correct);
#if defined(WRN_HAVE_ONNX)
    assert_int_equal(count_right(data, in(directory, "model.onnx")), w.last_correct);
#endif
    size_t size, lines = 0;
    unsigned char *log = read_file(in(directory, "log.csv"), &size);
    for (size_t i = 0; i < size; i++) lines += log[i] == '\n';
    assert_int_equal(lines, 7);
    assert_true(strncmp((char *)log, "epoch,", 6) == 0 && strstr((char *)log, "\n6,"));
    free(log);
    unsigned char *chart = read_file(in(directory, "curves.svg"), &size);
    int curves = 0;
    for (const char *at = (char *)chart; (at = strstr(at, "<polyline")); at++) curves++;
    assert_true(curves == 3 && strncmp((char *)chart, "<svg ", 5) == 0 && strstr((char *)chart, "</svg>\n") && strstr((char *)chart, ">test error: "));
    free(chart);
    /* What is finished stays finished. */
    o.flags = WRN_TRAIN_RESUME;
    w = (struct watch){ 0 };
    assert_ok(run_trainer(&o, &test_error));
    assert_int_equal(w.calls, 0);
    free((void *)directory);
}

/* Without a directory nothing is written, and what would be is known. */
static void dry_run(void **state)
{
    (void)state;
    wrn_train_options o = tiny_run(data, NULL);
    o.network.depth = 22;
    wrn_trainer *trainer;
    wrn_train_info info = WRN_TRAIN_INFO_INIT;
    int32_t correct;
    assert_ok(wrn_train_create(&o, &trainer, &test_error));
    assert_ok(wrn_train_get_info(trainer, &info, &test_error));
    assert_true(info.parameters > 10000 && info.memory_bytes > 1000000);
    assert_fails(wrn_train_run(trainer, &test_error), WRN_E_ARG, "option directory is NULL");
    assert_fails(wrn_train_evaluate(trainer, &correct, &test_error), WRN_E_ARG, "option directory is NULL");
    wrn_train_free(trainer);
    /* A batch in parts takes less. */
    uint64_t whole = info.memory_bytes;
    o.parts = 4;
    assert_ok(wrn_train_create(&o, &trainer, &test_error));
    assert_ok(wrn_train_get_info(trainer, &info, &test_error));
    if (!(info.memory_bytes < 0.7 * (double)whole)) fail_msg("%.0f bytes in parts, %.0f whole", (double)info.memory_bytes, (double)whole);
    wrn_train_free(trainer);
    /* So does one whose activations are made again. */
    o.parts = 1;
    o.flags = WRN_TRAIN_RECOMPUTE;
    assert_ok(wrn_train_create(&o, &trainer, &test_error));
    assert_ok(wrn_train_get_info(trainer, &info, &test_error));
    if (!(info.memory_bytes < 0.9 * (double)whole)) fail_msg("%.0f bytes recomputed, %.0f kept", (double)info.memory_bytes, (double)whole);
    wrn_train_free(trainer);
}

static void two_trainers_in_one_directory(void **state)
{
    (void)state;
    const char *directory = strdup(in(work, "two"));
    wrn_train_options o = tiny_run(data, directory);
    wrn_trainer *first, *second;
    wrn_train_info info = WRN_TRAIN_INFO_INIT;
    assert_ok(wrn_train_create(&o, &first, &test_error));
    assert_fails(wrn_train_create(&o, &second, &test_error), WRN_E_BUSY, "in use by another trainer");
    assert_null(second);
    assert_ok(wrn_train_get_info(first, &info, &test_error));
    assert_true(info.train_count == 105 && info.test_count == 50 && info.classes == 10 && info.batch == 16 && info.threads == 1);
    wrn_train_free(first);
    assert_ok(wrn_train_create(&o, &first, &test_error));
    wrn_train_free(first);
    wrn_train_free(NULL);
    free((void *)directory);
}

static void a_loss_that_is_no_number(void **state)
{
    (void)state;
    const char *directory = strdup(in(work, "nan"));
    struct watch w = { .stop_after = 1 };
    wrn_train_options o = tiny_run(data, directory);
    o.rate = 100;
    o.momentum = 0.9999;
    o.weight_decay = 1;
    o.epochs = 40;
    o.progress = watch;
    o.progress_user = &w;
    assert_fails(run_trainer(&o, &test_error), WRN_E_CANCELLED, "stopped");
    size_t size;
    unsigned char *before = read_file(in(directory, "checkpoint"), &size);
    write_file(in(directory, "before"), before, size);
    free(before);
    o.flags = WRN_TRAIN_RESUME;
    o.progress = NULL;
    o.checkpoint_seconds = 1000;
    o.epochs = 40;
    wrn_status status = run_trainer(&o, &test_error);
    assert_int_equal(status, WRN_E_NUMERIC);
    if (!strstr(test_error.message, "no longer")) fail_msg("%s", test_error.message);
    /* Whatever is there now can be loaded: it was good when it was written. */
    wrn_trainer *trainer;
    assert_ok(wrn_train_create(&o, &trainer, &test_error));
    wrn_train_free(trainer);
    free((void *)directory);
}

/* A limit on the size of files stands for a disk that fills up. */
static void a_full_disk(void **state)
{
    (void)state;
    const char *directory = strdup(in(work, "full"));
    struct watch w = { .stop_after = 2 };
    wrn_train_options o = tiny_run(data, directory);
    o.progress = watch;
    o.progress_user = &w;
    assert_fails(run_trainer(&o, &test_error), WRN_E_CANCELLED, "stopped");
    size_t size;
    unsigned char *before = read_file(in(directory, "checkpoint"), &size);
    write_file(in(work, "full.before"), before, size);
    free(before);

    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 20000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    o.flags = WRN_TRAIN_RESUME;
    o.checkpoint_steps = 1;
    o.progress = NULL;
    wrn_status status = run_trainer(&o, &test_error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    if (status != WRN_E_IO || !strstr(test_error.message, "checkpoint")) fail_msg("%s: %s", wrn_status_name(status), test_error.message);
    assert_same_files(in(directory, "checkpoint"), in(work, "full.before"));
    assert_ok(run_trainer(&o, &test_error));
    free((void *)directory);
}

static void unusual_data(void **state)
{
    (void)state;
    const char *folder = strdup(in(work, "one-class"));
    unsigned char same[3 * 3073] = { 0 };
    make_cifar10(folder, 1, 50);
    for (int i = 1; i <= 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        write_file(in(folder, name), same, i == 1 ? sizeof same : 3073); /* 7 images that are alike, of one class */
    }
    wrn_train_options o = tiny_run(folder, in(work, "alike"));
    assert_ok(run_trainer(&o, &test_error)); /* the batch is larger than the set */
    o.directory = in(work, "last-batch-of-one");
    o.batch = 6;
    assert_ok(run_trainer(&o, &test_error));
    o.directory = in(work, "batches-of-one");
    o.batch = 1;
    o.epochs = 1;
    assert_ok(run_trainer(&o, &test_error));
    free((void *)folder);
}

static void hundred_classes(void **state)
{
    (void)state;
    const char *folder = strdup(in(work, "cifar100")), *directory = strdup(in(work, "hundred"));
    make_cifar100(folder, 40);
    wrn_train_options o = tiny_run(folder, directory);
    wrn_model *model;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    o.flags = WRN_TRAIN_PLAIN_IMAGES | WRN_TRAIN_NO_BN_DECAY | WRN_TRAIN_PLAIN_MOMENTUM;
    o.schedule = WRN_TRAIN_SCHEDULE_COSINE;
    o.warmup_epochs = 1;
    o.parts = 2;
    assert_ok(run_trainer(&o, &test_error));
    assert_ok(wrn_load(in(directory, "model.wrn"), NULL, &model, &test_error));
    assert_ok(wrn_model_get_info(model, &info, &test_error));
    assert_true(info.output_size == 100 && info.label_count == 0);
    assert_string_equal(wrn_model_property(model, "dataset"), "CIFAR-100");
    assert_string_equal(wrn_model_property(model, "training"),
                        "2 epochs, batch 16 in 2 parts, rate 0.1, cosine, plain momentum 0.9, weight decay 0.0005 (not on batch normalization), "
                        "no augmentation, label smoothing 0, dropout 0, seed 3");
    wrn_free(model);
    free((void *)folder);
    free((void *)directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_and_leaves_its_files), cmocka_unit_test(dry_run),
               cmocka_unit_test(two_trainers_in_one_directory), cmocka_unit_test(a_loss_that_is_no_number), cmocka_unit_test(a_full_disk),
        cmocka_unit_test(unusual_data), cmocka_unit_test(hundred_classes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
