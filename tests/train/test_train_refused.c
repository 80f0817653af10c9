/* SPDX-License-Identifier: Apache-2.0 */
/* Data sets, checkpoints, directories and options that must end in a specific status and a message that says why. */
#include "make_cifar.h"
#include "test.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

static char *work, *data;

static int setup(void **state)
{
    (void)state;
    work = strdup(make_directory());
    data = strdup(in(work, "data"));
    make_cifar10(data, 4, 10);
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

static void refused(const wrn_train_options *options, wrn_status status, const char *text)
{
    wrn_trainer *trainer = (wrn_trainer *)work; /* must become NULL */
    assert_fails(wrn_train_create(options, &trainer, &test_error), status, text);
    assert_null(trainer);
}

/* ---- data sets ---- */

static void refused_data(const char *folder, wrn_status status, const char *text)
{
    const wrn_train_options o = tiny_run(folder, in(work, "run"));
    refused(&o, status, text);
}

static void data_sets(void **state)
{
    (void)state;
    const char *folder = strdup(in(work, "bad"));
    unsigned char records[2 * 3074] = { 0 };
    refused_data(in(work, "absent"), WRN_E_NOTFOUND, "holds neither data_batch_1.bin");

    make_cifar10(folder, 2, 2);
    const char *third = strdup(in(folder, "data_batch_3.bin"));
    write_file(third, records, 0);
    refused_data(folder, WRN_E_FORMAT, "data_batch_3.bin' is empty");
    write_file(third, records, 3072);
    refused_data(folder, WRN_E_FORMAT, "data_batch_3.bin': 3072 bytes are no multiple");
    write_file(third, records, 2 * 3074);
    refused_data(folder, WRN_E_FORMAT, "no multiple of CIFAR-10's records of 3073");
    records[3073] = 10;
    write_file(third, records, 2 * 3073);
    refused_data(folder, WRN_E_FORMAT, "data_batch_3.bin': record 1 has label 10");
    records[3073] = 255;
    write_file(third, records, 2 * 3073);
    refused_data(folder, WRN_E_FORMAT, "record 1 has label 255");
    unlink(third);
    refused_data(folder, WRN_E_IO, "data_batch_3.bin': No such file");
    mkdir(third, 0777);
    refused_data(folder, WRN_E_IO, "data_batch_3.bin' is a directory");
    rmdir(third);
    mkfifo(third, 0666);
    refused_data(folder, WRN_E_IO, "data_batch_3.bin' is a FIFO");
    unlink(third);
    write_file(third, records, 3073);
    chmod(third, 0);
    if (access(third, R_OK) != 0) refused_data(folder, WRN_E_IO, "data_batch_3.bin': Permission denied"); /* root may read anything */
    unlink(third);
    write_file(third, data, 0);
    unlink(in(folder, "test_batch.bin"));
    records[3073] = 1;
    write_file(third, records, 2 * 3073);
    refused_data(folder, WRN_E_IO, "test_batch.bin': No such file");

    const char *hundred = strdup(in(work, "hundred"));
    make_cifar100(hundred, 2);
    memset(records, 0, sizeof records);
    records[3074] = 255; /* the coarse label is not looked at */
    records[3075] = 100;
    write_file(in(hundred, "train.bin"), records, 2 * 3074);
    refused_data(hundred, WRN_E_FORMAT, "train.bin': record 1 has label 100, CIFAR-100 has 100 classes");
    write_file(in(hundred, "train.bin"), records, 2 * 3073);
    refused_data(hundred, WRN_E_FORMAT, "no multiple of CIFAR-100's records of 3074");
    write_file(in(hundred, "train.bin"), records, 0);
    refused_data(hundred, WRN_E_FORMAT, "train.bin' is empty");
    free((void *)hundred);

    make_cifar10(folder, 2, 2);
    write_file(in(folder, "batches.meta.txt"), "a\nb\n", 4);
    refused_data(folder, WRN_E_FORMAT, "batches.meta.txt' has 2 names");
    write_file(in(folder, "batches.meta.txt"), "a\n\nb\n", 5);
    refused_data(folder, WRN_E_FORMAT, "batches.meta.txt': line 2 is empty");
    write_file(in(folder, "batches.meta.txt"), "\xff\n", 2);
    refused_data(folder, WRN_E_FORMAT, "batches.meta.txt' is not UTF-8");
    write_file(in(folder, "batches.meta.txt"), "", 0);
    refused_data(folder, WRN_E_FORMAT, "batches.meta.txt'");
    free((void *)third);
    free((void *)folder);
}

static void sets_in_memory(void **state)
{
    (void)state;
    const uint8_t pixels[2 * 3072] = { 0 };
    const int32_t labels[] = { 0, 1 };
    const char *const names[] = { "cat", "dog" }, *const bad_names[] = { "cat", "\xff" };
    const wrn_train_set good = { .struct_size = sizeof good, .classes = 2, .train_count = 2, .test_count = 1, .train_pixels = pixels,
                                 .test_pixels = pixels, .train_labels = labels, .test_labels = labels, .labels = names, .name = "two" };
    wrn_train_options o = tiny_run(NULL, in(work, "memory"));
    struct { wrn_train_set set; const char *text; } bad[] = {
        { good, "classes: 0" }, { good, "train_count: -1" }, { good, "test_count: 0" }, { good, "train_pixels is NULL" },
        { good, "test_labels is NULL" }, { good, "train_labels[1] is 1, there are 1 classes" }, { good, "a label is" }, { good, "name is empty" },
        { good, "struct_size" },
    };
    bad[0].set.classes = 0;
    bad[1].set.train_count = -1;
    bad[2].set.test_count = 0;
    bad[3].set.train_pixels = NULL;
    bad[4].set.test_labels = NULL;
    bad[5].set.classes = 1;
    bad[6].set.labels = bad_names;
    bad[7].set.name = "";
    bad[8].set.struct_size = 4;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        o.set = &bad[i].set;
        refused(&o, WRN_E_ARG, bad[i].text);
    }
    o.set = &good;
    wrn_trainer *trainer;
    assert_ok(wrn_train_create(&o, &trainer, &test_error));
    wrn_train_free(trainer);
    o.data = data;
    refused(&o, WRN_E_ARG, "option data and option set");
}

/* ---- checkpoints ---- */

static int32_t stop(void *user, const wrn_train_progress *progress)
{
    (void)user, (void)progress;
    return 1;
}

static void checkpoints(void **state)
{
    (void)state;
    const char *directory = strdup(in(work, "checkpoints")), *file = strdup(in(directory, "checkpoint"));
    wrn_train_options o = tiny_run(data, directory);
    wrn_trainer *trainer;
    o.flags = WRN_TRAIN_RESUME;
    refused(&o, WRN_E_NOTFOUND, "there is no checkpoint");
    o.flags = 0;
    o.progress = stop;
    assert_ok(wrn_train_create(&o, &trainer, &test_error));
    assert_fails(wrn_train_run(trainer, &test_error), WRN_E_CANCELLED, "stopped in epoch 1 after 1 of 2 steps");
    wrn_train_free(trainer);
    refused(&o, WRN_E_ARG, "holds the checkpoint of a run");

    o.flags = WRN_TRAIN_RESUME;
    wrn_train_options other = o;
    other.network.k = 0.75;
    refused(&other, WRN_E_ARG, "was made with k=0.5, this run has k=0.75");
    other = o;
    other.network.depth = 16;
    refused(&other, WRN_E_ARG, "was made with depth=10, this run has depth=16");
    other = o;
    other.batch = 8;
    refused(&other, WRN_E_ARG, "was made with batch=16, this run has batch=8");
    other = o;
    other.seed = 9;
    refused(&other, WRN_E_ARG, "was made with seed=3, this run has seed=9");
    other = o;
    other.data = in(work, "other");
    make_cifar10(other.data, 5, 10);
    refused(&other, WRN_E_ARG, "was made with dataset=");

    size_t size;
    unsigned char *good = read_file(file, &size), *bad = malloc(size + 1);
    memcpy(bad, good, size);
    write_file(file, bad, 0);
    refused(&o, WRN_E_FORMAT, "checkpoint' is empty");
    write_file(file, bad, 40);
    refused(&o, WRN_E_FORMAT, "is no checkpoint");
    for (size_t cut = size - 1; cut > 100; cut = cut * 3 / 4) {
        write_file(file, bad, cut);
        refused(&o, WRN_E_CHECKSUM, "damaged or incomplete");
    }
    for (size_t at = 16; at < size; at = at * 3 / 2) {
        bad[at] ^= 0x40;
        write_file(file, bad, size);
        refused(&o, WRN_E_CHECKSUM, "damaged or incomplete");
        bad[at] ^= 0x40;
    }
    bad[0] = 'w';
    write_file(file, bad, size);
    refused(&o, WRN_E_FORMAT, "is no checkpoint");
    bad[0] = 'W';
    bad[8] = 9;
    write_file(file, bad, size);
    refused(&o, WRN_E_UNSUPPORTED, "has version 9");

    /* Not a file. */
    unlink(file);
    mkdir(file, 0777);
    refused(&o, WRN_E_IO, "checkpoint' is a directory");
    rmdir(file);
    mkfifo(file, 0666);
    refused(&o, WRN_E_IO, "checkpoint' is a FIFO");
    unlink(file);
    assert_int_equal(symlink("nowhere", file), 0);
    refused(&o, WRN_E_NOTFOUND, "there is no checkpoint");
    unlink(file);

    /* One that lies elsewhere is read, and stays as it is; what a crash left beside it goes. */
    const char *elsewhere = in(work, "elsewhere"), *leftover = in(directory, ".wrn-1234abcd.tmp"), *other_file = in(directory, ".wrn-notes.tmp");
    struct stat status;
    write_file(elsewhere, good, size);
    write_file(leftover, good, size / 2);
    write_file(other_file, good, 1);
    assert_int_equal(symlink(elsewhere, file), 0);
    o.progress = NULL;
    assert_ok(wrn_train_create(&o, &trainer, &test_error));
    assert_ok(wrn_train_run(trainer, &test_error));
    wrn_train_free(trainer);
    free(bad);
    bad = read_file(elsewhere, &size);
    assert_memory_equal(bad, good, size);
    assert_true(lstat(file, &status) == 0 && S_ISREG(status.st_mode));
    assert_true(access(leftover, F_OK) != 0 && access(other_file, F_OK) == 0);
    free(good);
    free(bad);
    free((void *)directory);
    free((void *)file);
}

/* ---- directories and options ---- */

static void directories(void **state)
{
    (void)state;
    wrn_train_options o = tiny_run(data, in(data, "test_batch.bin"));
    refused(&o, WRN_E_IO, "test_batch.bin");
    o.directory = in(work, "no/such/parent");
    refused(&o, WRN_E_IO, "cannot make the directory");
    o.directory = "";
    refused(&o, WRN_E_ARG, "option directory");
    o.directory = NULL;
    o.flags = WRN_TRAIN_RESUME;
    refused(&o, WRN_E_ARG, "option directory");
}

static int32_t make_read_only(void *user, const wrn_train_progress *progress)
{
    (void)progress;
    return chmod(user, 0555);
}

/* One that cannot be written from the start, and one that becomes so. Root may write anywhere, so that it has to be somebody else
 * meanwhile. */
static void read_only_directories(void **state)
{
    (void)state;
    char *directory = strdup(in(work, "read-only")), *checkpoint = strdup(in(directory, "checkpoint"));
    wrn_train_options o = tiny_run(data, directory);
    const uid_t root = geteuid(), nobody = 65534;
    mkdir(directory, 0777);
    if (root == 0) assert_int_equal(chmod(work, 0755) | chown(directory, nobody, (gid_t)-1) | seteuid(nobody), 0);
    assert_int_equal(chmod(directory, 0555), 0);
    refused(&o, WRN_E_IO, "read-only/lock': Permission denied");
    assert_int_equal(chmod(directory, 0755), 0);
    o.progress = stop;
    assert_fails(run_trainer(&o, &test_error), WRN_E_CANCELLED, "stopped");
    size_t size, again;
    unsigned char *before = read_file(checkpoint, &size);
    o.flags = WRN_TRAIN_RESUME;
    o.progress = make_read_only;
    o.progress_user = directory;
    assert_fails(run_trainer(&o, &test_error), WRN_E_IO, "Permission denied");
    assert_int_equal(chmod(directory, 0755), 0);
    unsigned char *after = read_file(checkpoint, &again);
    assert_true(size == again && memcmp(before, after, size) == 0);
    o.progress = NULL;
    assert_ok(run_trainer(&o, &test_error));
    assert_int_equal(seteuid(root), 0);
    free(before);
    free(after);
    free(directory);
    free(checkpoint);
}

/* A run would replace what is in the place of its log, and must not replace a device. */
static void a_log_that_is_no_file(void **state)
{
    (void)state;
    const char *directory = strdup(in(work, "log"));
    wrn_train_options o = tiny_run(data, directory);
    mkdir(directory, 0777);
    assert_int_equal(symlink("/dev/full", in(directory, "log.csv")), 0);
    assert_fails(run_trainer(&o, &test_error), WRN_E_IO, "log.csv': it exists and is not a file");
    free((void *)directory);
}

static void options(void **state)
{
    (void)state;
    wrn_trainer *trainer;
    wrn_train_info info = WRN_TRAIN_INFO_INIT;
    uint64_t parameters;
    wrn_train_options o = tiny_run(data, in(work, "run"));
    struct { wrn_train_options options; char more[8]; } newer = { o, { 0 } };
    o.data = NULL;
    refused(&o, WRN_E_ARG, "option data");
    o.data = data;
    o.threads = -1;
    refused(&o, WRN_E_ARG, "option threads");
    o.threads = 1025;
    refused(&o, WRN_E_ARG, "option threads");
    o.threads = 1;
    o.isa = 99;
    refused(&o, WRN_E_ARG, "isa");
    o.isa = 0;
    o.rate = NAN;
    refused(&o, WRN_E_ARG, "option rate");
    o.rate = 0;
    o.network.depth = 11;
    refused(&o, WRN_E_ARG, "option depth");
    o.network.depth = 10;
    o.network.k = 250;
    o.network.depth = 1000;
    refused(&o, WRN_E_LIMIT, "parameters");
    o.network.k = 1;
    o.network.depth = 10;
    o.struct_size = 8;
    refused(&o, WRN_E_ARG, "struct_size");
    refused(NULL, WRN_E_ARG, "option data");
    newer.options.struct_size = sizeof newer;
    newer.more[0] = 1;
    refused(&newer.options, WRN_E_UNSUPPORTED, "newer version");
    assert_fails(wrn_train_create(&newer.options, NULL, &test_error), WRN_E_ARG, "argument trainer");
    assert_fails(wrn_train_run(NULL, &test_error), WRN_E_ARG, "argument trainer");
    assert_fails(wrn_train_get_info(NULL, &info, &test_error), WRN_E_ARG, "argument trainer");
    assert_fails(wrn_train_parameters(NULL, 10, &parameters, &test_error), WRN_E_ARG, "argument network");
    assert_fails(wrn_train_parameters(&o.network, 0, &parameters, &test_error), WRN_E_ARG, "argument classes");
    assert_fails(wrn_train_parameters(&o.network, 10, NULL, &test_error), WRN_E_ARG, "argument parameters");
    newer.more[0] = 0;
    assert_ok(wrn_train_create(&newer.options, &trainer, &test_error));
    wrn_train_free(trainer);
}

/* Structures of the first version, whose last members nobody reads, and of a later one. */
static void other_versions(void **state)
{
    (void)state;
    wrn_trainer *trainer;
    wrn_train_options o = tiny_run(data, in(work, "older"));
    o.crop_scale = 7;
    o.initial = "nothing";
    o.struct_size = offsetof(wrn_train_options, crop_scale);
    assert_ok(wrn_train_create(&o, &trainer, &test_error));
    struct {
        wrn_train_info info;
        uint64_t more;
    } newer = { .info = { .struct_size = sizeof newer }, .more = 1 };
    assert_ok(wrn_train_get_info(trainer, &newer.info, &test_error));
    assert_true(newer.info.classes == 10 && newer.info.parameters > 0 && newer.more == 0);
    newer.info.struct_size = 8;
    assert_fails(wrn_train_get_info(trainer, &newer.info, &test_error), WRN_E_ARG, "struct_size");
    wrn_train_free(trainer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_sets), cmocka_unit_test(sets_in_memory), cmocka_unit_test(checkpoints), cmocka_unit_test(directories),
        cmocka_unit_test(read_only_directories), cmocka_unit_test(a_log_that_is_no_file), cmocka_unit_test(options), cmocka_unit_test(other_versions),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
