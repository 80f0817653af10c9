/* SPDX-License-Identifier: Apache-2.0 */
#include "make_cifar.h"

#include "test.h"
#include "train_random.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIXELS = 3072 };

const char *make_directory(void)
{
    static char path[256];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/wrn-train-XXXXXX", folder ? folder : "/tmp");
    assert_non_null(mkdtemp(path));
    return path;
}

void remove_directory(const char *path)
{
    DIR *directory = opendir(path);
    for (const struct dirent *entry; directory && (entry = readdir(directory));) {
        char file[1024];
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (lstat(file, &status) == 0 && S_ISDIR(status.st_mode)) remove_directory(file);
        else unlink(file);
    }
    if (directory) closedir(directory);
    rmdir(path);
}

const char *in(const char *path, const char *name)
{
    static char buffers[8][512];
    static int next;
    char *to = buffers[next++ % 8];
    snprintf(to, sizeof buffers[0], "%s/%s", path, name);
    return to;
}

void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

unsigned char *read_file(const char *path, size_t *size)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &status) != 0) fail_msg("cannot read %s", path);
    *size = (size_t)status.st_size;
    unsigned char *data = malloc(*size + 1);
    assert_int_equal(fread(data, 1, *size, file), *size);
    fclose(file);
    data[*size] = 0;
    return data;
}

void assert_same_files(const char *a, const char *b)
{
    size_t size_a, size_b;
    unsigned char *data_a = read_file(a, &size_a), *data_b = read_file(b, &size_b);
    if (size_a != size_b || memcmp(data_a, data_b, size_a) != 0) fail_msg("%s and %s differ", a, b);
    free(data_a);
    free(data_b);
}

/* A brightness for each class and colour, and noise. */
static void make_records(const char *path, int count, int classes, size_t label_bytes, uint64_t seed)
{
    size_t record = label_bytes + PIXELS;
    unsigned char *data = malloc((size_t)count * record);
    for (int i = 0; i < count; i++) {
        unsigned char *at = data + (size_t)i * record;
        uint64_t label = wrnt_random(seed, WRNT_RANDOM_ORDER, (uint64_t)i, 0) % (uint64_t)classes;
        at[0] = 0;
        at[label_bytes - 1] = (unsigned char)label;
        for (size_t p = 0; p < PIXELS; p++)
            at[label_bytes + p] = (unsigned char)(wrnt_mix(label * 3 + p / 1024) % 192 + wrnt_random(seed, WRNT_RANDOM_ORDER, (uint64_t)i, p + 1) % 64);
    }
    write_file(path, data, (size_t)count * record);
    free(data);
}

void make_cifar10(const char *folder, int per_file, int tests)
{
    const char names[] = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n";
    mkdir(folder, 0777);
    for (int i = 1; i <= 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        make_records(in(folder, name), per_file, 10, 1, (uint64_t)i);
    }
    make_records(in(folder, "test_batch.bin"), tests, 10, 1, 6);
    write_file(in(folder, "batches.meta.txt"), names, sizeof names - 1);
}

void make_cifar100(const char *folder, int images)
{
    mkdir(folder, 0777);
    make_records(in(folder, "train.bin"), images, 100, 2, 7);
    make_records(in(folder, "test.bin"), images, 100, 2, 8);
}

wrn_train_options tiny_run(const char *data, const char *directory)
{
    wrn_train_options o = WRN_TRAIN_OPTIONS_INIT;
    o.network.depth = 10;
    o.network.k = 0.5;
    o.data = data;
    o.directory = directory;
    o.epochs = 2;
    o.batch = 16;
    o.threads = 1;
    o.seed = 3;
    return o;
}

wrn_status run_trainer(const wrn_train_options *options, wrn_error *error)
{
    wrn_trainer *trainer;
    wrn_status status = wrn_train_create(options, &trainer, error);
    if (status == WRN_OK) status = wrn_train_run(trainer, error);
    wrn_train_free(trainer);
    return status;
}

int32_t watch(void *user, const wrn_train_progress *p)
{
    struct watch *w = user;
    w->calls++;
    if (w->calls == 1) w->first_loss = p->loss;
    w->last_loss = p->loss;
    assert_true(p->struct_size == sizeof *p && p->step >= 1 && p->step <= p->steps && p->epoch < p->epochs);
    if (p->evaluated) {
        w->evaluations++;
        w->last_correct = p->test_correct;
        assert_true(p->test_count == 50 && p->test_accuracy == p->test_correct / 50.0);
    }
    return w->calls == w->stop_after;
}

/* The same records as the trainer's, through the public interface and the file it wrote. */
int count_right(const char *folder, const char *model_file)
{
    size_t size;
    unsigned char *records = read_file(in(folder, "test_batch.bin"), &size);
    wrn_model *model;
    int right = 0;
    assert_ok(wrn_load(model_file, NULL, &model, &test_error));
    for (size_t at = 0; at < size; at += 3073) {
        uint8_t pixels[3072];
        wrn_prediction top;
        for (size_t i = 0; i < 3072; i++) pixels[i] = records[at + 1 + i % 3 * 1024 + i / 3];
        assert_ok(wrn_classify(model, pixels, 32, 32, 96, WRN_PIXELS_RGB, 1, &top, &test_error));
        right += top.index == records[at];
    }
    assert_string_equal(wrn_model_label(model, 9), "truck");
    assert_string_equal(wrn_model_property(model, "dataset"), "CIFAR-10");
    assert_string_equal(wrn_model_property(model, "family"), "cifar pre-activation");
    wrn_free(model);
    free(records);
    return right;
}
