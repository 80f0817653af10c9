/* SPDX-License-Identifier: Apache-2.0 */
/* Several workers do what one process does in as many parts: to rounding, or to the bit; and they end together. */
#include "make_cifar.h"
#include "make_workers.h"
#include "test.h"

#include <math.h>
#include <unistd.h>

static char *work, *data;

static int setup(void **state)
{
    (void)state;
    work = strdup(make_directory());
    data = strdup(in(work, "data"));
    make_cifar10(data, 9, 50); /* 45 images: batches of 16, 16 and 13 */
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

/* With all that depends on an image's place in its batch. */
static wrn_train_options run_in(const char *directory, int32_t parts)
{
    wrn_train_options o = tiny_run(data, directory);
    o.network.dropout = 0.1;
    o.mixup = 0.4;
    o.ema = 0.9;
    o.epochs = 1;
    o.parts = parts;
    return o;
}

static void set_all(struct worker *workers, int32_t count, const wrn_train_options *options)
{
    for (int32_t i = 0; i < count; i++) workers[i] = (struct worker){ .options = *options };
}

static void all_end_with(const struct worker *workers, int32_t count, wrn_status status, const char *text)
{
    for (int32_t i = 0; i < count; i++)
        if (workers[i].status != status || !strstr(workers[i].error.message, text))
            fail_msg("worker %d: %s, '%s'; expected %s, '%s'", i, wrn_status_name(workers[i].status), workers[i].error.message, wrn_status_name(status), text);
}

/* The checkpoints' arrays: all floats after the description. */
static void assert_close_checkpoints(const char *a, const char *b)
{
    size_t size_a, size_b;
    uint32_t skip;
    double difference = 0, length = 0;
    unsigned char *data_a = read_file(a, &size_a), *data_b = read_file(b, &size_b);
    assert_int_equal(size_a, size_b);
    memcpy(&skip, data_a + 12, sizeof skip);
    assert_memory_equal(data_a + 64, data_b + 64, skip);
    for (size_t at = 64 + skip; at + 8 <= size_a; at += sizeof(float)) {
        float x, y;
        memcpy(&x, data_a + at, sizeof x);
        memcpy(&y, data_b + at, sizeof y);
        difference += pow(x - y, 2);
        length += pow(x, 2);
    }
    if (!(length > 0 && difference <= 1e-8 * length)) fail_msg("%s and %s: relative distance %g", a, b, sqrt(difference / length));
    free(data_a);
    free(data_b);
}

/* Workers times parts: 1 * 6, 2 * 3, 3 * 2, 6 * 1. The last batch has parts of 3 images, and 5 of them: the sixth worker, or the
 * second round of the third one, has nothing to do. */
static void same_as_one_process(void **state)
{
    (void)state;
    const char *alone = strdup(in(work, "alone"));
    wrn_train_options o = run_in(alone, 6);
    assert_ok(run_trainer(&o, &test_error));
    for (int32_t count = 2; count <= 6; count += count == 3 ? 3 : 1)
        for (int32_t fixed = 0; fixed <= 1; fixed++) {
            char directory[512];
            struct worker workers[MAX_WORKERS];
            snprintf(directory, sizeof directory, "%s/%d-%d", work, count, fixed);
            o = run_in(directory, 6 / count);
            set_all(workers, count, &o);
            run_workers(workers, count, fixed);
            all_end_with(workers, count, WRN_OK, "");
            assert_close_checkpoints(in(alone, "checkpoint"), in(directory, "checkpoint"));
            if (!fixed) continue;
            assert_same_files(in(alone, "checkpoint"), in(directory, "checkpoint"));
            assert_same_files(in(alone, "model.wrn"), in(directory, "model.wrn"));
        }
    free((void *)alone);
}

/* With a max pool, and with more parameters than are summed at a time. */
static void imagenet_family(void **state)
{
    (void)state;
    const char *alone = strdup(in(work, "imagenet")), *together = strdup(in(work, "imagenet-2"));
    struct worker workers[MAX_WORKERS];
    wrn_train_options o = run_in(alone, 2);
    o.network.family = WRN_TRAIN_FAMILY_IMAGENET;
    o.network.depth = 18;
    o.network.k = 0.25;
    o.network.size = 32;
    assert_ok(run_trainer(&o, &test_error));
    o.directory = together;
    o.parts = 1;
    set_all(workers, 2, &o);
    run_workers(workers, 2, 0);
    all_end_with(workers, 2, WRN_OK, "");
    assert_close_checkpoints(in(alone, "checkpoint"), in(together, "checkpoint"));
    free((void *)alone);
    free((void *)together);
}

/* Stopped by its second worker, resumed by one process and by three workers. */
static void stopped_and_resumed(void **state)
{
    (void)state;
    const char *whole = strdup(in(work, "whole")), *directory = strdup(in(work, "stopped"));
    struct worker workers[MAX_WORKERS];
    struct watch w = { .stop_after = 1 };
    wrn_train_options o = run_in(whole, 6);
    assert_ok(run_trainer(&o, &test_error));
    o = run_in(directory, 3);
    set_all(workers, 2, &o);
    workers[1].options.progress = watch;
    workers[1].options.progress_user = &w;
    run_workers(workers, 2, 1);
    all_end_with(workers, 2, WRN_E_CANCELLED, "stopped in epoch 1 after 1 of 3 steps");
    w = (struct watch){ .stop_after = 1 };
    o = run_in(directory, 6);
    o.flags = WRN_TRAIN_RESUME;
    o.progress = watch;
    o.progress_user = &w;
    assert_fails(run_trainer(&o, &test_error), WRN_E_CANCELLED, "stopped in epoch 1 after 2 of 3 steps");
    o.progress = NULL;
    o.parts = 2;
    set_all(workers, 3, &o);
    run_workers(workers, 3, 1);
    all_end_with(workers, 3, WRN_OK, "");
    assert_same_files(in(whole, "checkpoint"), in(directory, "checkpoint"));
    assert_same_files(in(whole, "model.wrn"), in(directory, "model.wrn"));
    free((void *)whole);
    free((void *)directory);
}

/* What one of them alone finds ends all of them, and the message says which one. */
static void one_that_fails(void **state)
{
    (void)state;
    struct worker workers[MAX_WORKERS];
    const char *directory = strdup(in(work, "fails"));
    const wrn_train_options o = run_in(directory, 1);
    set_all(workers, 3, &o);
    workers[1].options.data = work;
    run_workers(workers, 3, 0);
    all_end_with(workers, 3, WRN_E_NOTFOUND, "worker 1: '");
    set_all(workers, 3, &o);
    workers[2].options.rate = 0.2;
    run_workers(workers, 3, 0);
    all_end_with(workers, 3, WRN_E_ARG, "worker 2: started with rate=0.2");
    set_all(workers, 2, &o);
    workers[1].options.flags = WRN_TRAIN_RESUME;
    run_workers(workers, 2, 0);
    all_end_with(workers, 2, WRN_E_ARG, "worker 1: started with resume=1, worker 0 with resume=0");
    workers[0].options.flags = WRN_TRAIN_RESUME;
    run_workers(workers, 2, 0);
    all_end_with(workers, 2, WRN_E_NOTFOUND, "worker 0: there is no checkpoint");
    set_all(workers, 2, &o);
    workers[0].options.directory = NULL;
    run_workers(workers, 2, 0);
    all_end_with(workers, 2, WRN_E_ARG, "worker 1: started with directory=given, worker 0 with directory=NULL");
    workers[1].options.directory = NULL;
    run_workers(workers, 2, 0);
    all_end_with(workers, 2, WRN_E_ARG, "worker 0: option directory is NULL");
    set_all(workers, 2, &o);
    for (int i = 0; i < 2; i++) {
        workers[i].options.rate = 100;
        workers[i].options.momentum = 0.9999;
        workers[i].options.weight_decay = 1;
        workers[i].options.epochs = 60;
    }
    run_workers(workers, 2, 0);
    all_end_with(workers, 2, WRN_E_NUMERIC, "no longer");
    free((void *)directory);
}

static int32_t refuse(void *user, void *bytes, size_t size)
{
    (void)user, (void)bytes, (void)size;
    return 7;
}

static int32_t refuse_gather(void *user, const void *from, void *to, size_t bytes)
{
    (void)from;
    return refuse(user, to, bytes);
}

static int32_t refuse_sum(void *user, float *to, size_t floats)
{
    return refuse(user, to, floats);
}

static int32_t refuse_wait(void *user)
{
    return refuse(user, NULL, 0);
}

static void connections_that_are_none(void **state)
{
    (void)state;
    const wrn_train_workers good = { sizeof good, 0, 2, 0, NULL, refuse_sum, refuse_wait, refuse_gather, refuse };
    struct { wrn_train_workers workers; wrn_status status; const char *text; } bad[] = {
        { good, WRN_E_ARG, "a count of 0" }, { good, WRN_E_ARG, "no rank 2 of 2" }, { good, WRN_E_ARG, "no rank -1" }, { good, WRN_E_ARG, "is NULL" },
        { good, WRN_E_ARG, "struct_size" }, { good, WRN_E_IO, "cannot be reached: code 7" },
    };
    bad[0].workers.count = 0;
    bad[1].workers.rank = 2;
    bad[2].workers.rank = -1;
    bad[3].workers.gather = NULL;
    bad[4].workers.struct_size = 8;
    wrn_train_options o = run_in(in(work, "none"), 1);
    wrn_trainer *trainer;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        o.workers = &bad[i].workers;
        assert_fails(wrn_train_create(&o, &trainer, &test_error), bad[i].status, bad[i].text);
    }
    struct worker workers[MAX_WORKERS];
    o = run_in(in(work, "none"), 9);
    set_all(workers, 2, &o);
    run_workers(workers, 2, 0);
    all_end_with(workers, 2, WRN_E_ARG, "worker 0: option batch: 16 images cannot be cut into 9 parts for each of 2 workers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_one_process), cmocka_unit_test(imagenet_family), cmocka_unit_test(stopped_and_resumed),
        cmocka_unit_test(one_that_fails), cmocka_unit_test(connections_that_are_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
