/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files that are none, and writing that must not lose anything. */
#include "test.h"

#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

/* A path in the test's folder; the last few stay valid. */
static const char *in_folder(const char *name)
{
    static char paths[8][400];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/wrn-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) remove(in_folder(entry->d_name));
    if (dir) closedir(dir);
    return rmdir(folder);
}

static int count_files(void)
{
    int count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) count += entry->d_name[0] != '.' || entry->d_name[1] == 'w';
    closedir(dir);
    return count;
}

static wrn_status read_blob(const char *path, uint64_t limit, bool map, struct wrn_blob *blob)
{
    struct wrn_alloc alloc = wrn_alloc_default();
    return wrn_blob_read(&alloc, path, limit, map, blob, &test_error);
}

static void reads_and_maps(void **state)
{
    (void)state;
    struct wrn_blob blob;
    write_file("data", "0123456789", 10);
    write_file("empty", "", 0);
    for (int map = 0; map < 2; map++) {
        assert_ok(read_blob(in_folder("data"), 10, map, &blob));
        assert_int_equal(blob.kind, map ? WRN_BLOB_MAPPED : WRN_BLOB_HEAP);
        assert_int_equal(blob.size, 10);
        assert_memory_equal(blob.data, "0123456789", 10);
        wrn_blob_free(&blob);
        assert_null(blob.data);
        wrn_blob_free(&blob);
        assert_ok(read_blob(in_folder("empty"), 10, map, &blob));
        assert_int_equal(blob.size, 0);
        assert_non_null(blob.data);
        wrn_blob_free(&blob);
        assert_fails(read_blob(in_folder("data"), 9, map, &blob), WRN_E_LIMIT, "10 bytes, the limit is 9");
    }
}

static size_t start_seen;
static uint64_t four(const uint8_t *start, size_t start_size, uint64_t size)
{
    start_seen = start_size;
    return size < 4 ? UINT64_MAX : start[0] == '0' ? 4 : 0;
}

static void reads_what_is_wanted(void **state)
{
    (void)state;
    struct wrn_blob blob;
    struct wrn_alloc alloc = wrn_alloc_default();
    const char *const files[] = { "0123456789", "x123", "012", "" };
    for (size_t i = 0; i < 4; i++) {
        write_file("data", files[i], strlen(files[i]));
        assert_ok(wrn_blob_read_start(&alloc, in_folder("data"), 10, four, &blob, &test_error));
        assert_int_equal(start_seen, strlen(files[i]));
        assert_true(blob.size == (i % 2 ? 0 : 4 - i / 2) && blob.size + blob.left_out == strlen(files[i])); /* 4, 0, 3, 0 */
        assert_memory_equal(blob.data, files[i], blob.size);
        wrn_blob_free(&blob);
    }
    static const char large[WRN_BLOB_START + 1] = "0";
    write_file("data", large, sizeof large);
    assert_ok(wrn_blob_read_start(&alloc, in_folder("data"), UINT64_MAX, four, &blob, &test_error));
    assert_int_equal(start_seen, WRN_BLOB_START);
    assert_int_equal(blob.left_out, WRN_BLOB_START - 3);
    wrn_blob_free(&blob);
    assert_fails(wrn_blob_read_start(&alloc, in_folder("data"), 9, four, &blob, &test_error), WRN_E_LIMIT, "the limit is 9");
}

static void refuses_what_is_no_file(void **state)
{
    (void)state;
    struct wrn_blob blob;
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    for (int map = 0; map < 2; map++) {
        assert_fails(read_blob(folder, UINT64_MAX, map, &blob), WRN_E_IO, "is a directory");
        assert_fails(read_blob(in_folder("fifo"), UINT64_MAX, map, &blob), WRN_E_IO, "is a FIFO");
        assert_fails(read_blob("/dev/zero", UINT64_MAX, map, &blob), WRN_E_IO, "'/dev/zero' is a device");
        assert_fails(read_blob(in_folder("absent"), UINT64_MAX, map, &blob), WRN_E_IO, "absent': No such file");
        assert_fails(read_blob("", UINT64_MAX, map, &blob), WRN_E_IO, "cannot open ''");
        assert_int_equal(blob.kind, WRN_BLOB_NONE);
    }
}

static void refuses_a_sparse_giant(void **state)
{
    (void)state;
    struct wrn_blob blob;
    write_file("giant", "", 0);
    if (sizeof(off_t) < 8 || truncate(in_folder("giant"), (off_t)((uint64_t)3 << 30)) != 0) skip();
    assert_fails(read_blob(in_folder("giant"), (uint64_t)2 << 30, false, &blob), WRN_E_LIMIT, "giant' has 3221225472 bytes");
}

static wrn_status read_beside(const char *name, uint64_t offset, uint64_t length, struct wrn_blob *blob)
{
    struct wrn_alloc alloc = wrn_alloc_default();
    return wrn_blob_read_beside(&alloc, in_folder("model.onnx"), name, offset, length, blob, &test_error);
}

static void reads_beside(void **state)
{
    (void)state;
    struct wrn_blob blob;
    write_file("weights.bin", "0123456789", 10);
    assert_ok(read_beside("weights.bin", 0, UINT64_MAX, &blob));
    assert_int_equal(blob.size, 10);
    wrn_blob_free(&blob);
    assert_ok(read_beside("weights.bin", 3, 4, &blob));
    assert_int_equal(blob.size, 4);
    assert_memory_equal(blob.data, "3456", 4);
    wrn_blob_free(&blob);
    assert_ok(read_beside("weights.bin", 10, UINT64_MAX, &blob));
    assert_int_equal(blob.size, 0);
    wrn_blob_free(&blob);
    assert_fails(read_beside("weights.bin", 11, UINT64_MAX, &blob), WRN_E_FORMAT, "10 bytes");
    assert_fails(read_beside("weights.bin", 8, 3, &blob), WRN_E_FORMAT, "weights.bin");
    assert_fails(read_beside("weights.bin", (uint64_t)-1, 2, &blob), WRN_E_FORMAT, "10 bytes"); /* offset -1: the sum wraps */
    assert_fails(read_beside("weights.bin", 0, (uint64_t)1 << 63, &blob), WRN_E_FORMAT, "10 bytes");
}

static void stays_beside(void **state)
{
    static const char *const names[] = { "/etc/passwd", "../x", "a/../../x", "./..//x", ".", "..", "", "sub/file", "..\\x" };
    (void)state;
    struct wrn_blob blob;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_fails(read_beside(names[i], 0, UINT64_MAX, &blob), WRN_E_UNSUPPORTED, "plain file name");
    write_file("target", "secret", 6);
    assert_int_equal(symlink("target", in_folder("symlink")), 0);
    assert_fails(read_beside("symlink", 0, UINT64_MAX, &blob), WRN_E_IO, "symbolic link");
    if (link(in_folder("target"), in_folder("hardlink")) == 0)
        assert_fails(read_beside("hardlink", 0, UINT64_MAX, &blob), WRN_E_IO, "hard links");
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_fails(read_beside("pipe", 0, UINT64_MAX, &blob), WRN_E_IO, "is a FIFO");
    assert_fails(read_beside("absent", 0, UINT64_MAX, &blob), WRN_E_IO, "absent");
}

static void *no_memory(void *user, size_t size, size_t alignment)
{
    (void)user, (void)size, (void)alignment;
    return NULL;
}

static void reports_memory_that_runs_out(void **state)
{
    (void)state;
    struct wrn_alloc alloc = { NULL, no_memory, NULL };
    struct wrn_blob blob;
    struct wrn_writer *writer;
    write_file("data", "0123456789", 10);
    assert_fails(wrn_blob_read(&alloc, in_folder("data"), 100, false, &blob, &test_error), WRN_E_NOMEM, "10 bytes of");
    assert_fails(wrn_blob_read_beside(&alloc, in_folder("m"), "data", 0, 10, &blob, &test_error), WRN_E_NOMEM, "");
    assert_fails(wrn_writer_open(&alloc, in_folder("out"), &writer, &test_error), WRN_E_NOMEM, "out");
    assert_null(writer);
    assert_int_equal(count_files(), 1);
}

/* Changes the file's size between the look at it and the reading. */
static void *meddling_alloc(void *user, size_t size, size_t alignment)
{
    void *memory;
    assert_int_equal(truncate(in_folder("data"), *(const off_t *)user), 0);
    return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

static void meddling_free(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static void notices_a_file_that_changes(void **state)
{
    (void)state;
    off_t new_size;
    struct wrn_alloc alloc = { &new_size, meddling_alloc, meddling_free };
    struct wrn_blob blob;
    write_file("data", "0123456789", 10);
    new_size = 4;
    assert_fails(wrn_blob_read(&alloc, in_folder("data"), 100, false, &blob, &test_error), WRN_E_IO, "shrank while");
    assert_int_equal(blob.kind, WRN_BLOB_NONE);
    new_size = 20;
    assert_fails(wrn_blob_read(&alloc, in_folder("data"), 100, false, &blob, &test_error), WRN_E_IO, "changed while");
    assert_int_equal(blob.kind, WRN_BLOB_NONE);
}

static struct wrn_writer *open_writer(const char *path)
{
    struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_writer *writer;
    assert_ok(wrn_writer_open(&alloc, path, &writer, &test_error));
    return writer;
}

static void writes_atomically(void **state)
{
    (void)state;
    uint8_t data[200000];
    struct wrn_blob blob;
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 7);
    write_file("out", "old", 3);
    struct wrn_writer *writer = open_writer(in_folder("out"));
    size_t pieces[] = { 1, 65535, 0, 1, 100000, 34463 }, at = 0; /* about and beyond the buffer */
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; at += pieces[i++]) {
        assert_ok(wrn_writer_put(writer, data + at, pieces[i], &test_error));
        assert_int_equal(wrn_writer_position(writer), at + pieces[i]);
    }
    assert_ok(wrn_writer_put_at(writer, 10, "patch", 5, &test_error));
    assert_fails(wrn_writer_put_at(writer, at - 1, "xx", 2, &test_error), WRN_E_ARG, "not there yet");
    assert_fails(wrn_writer_put_at(writer, UINT64_MAX, "xx", 2, &test_error), WRN_E_ARG, "not there yet");
    assert_int_equal(wrn_writer_position(writer), at);
    assert_ok(read_blob(in_folder("out"), 100, false, &blob)); /* the old one until the end */
    assert_memory_equal(blob.data, "old", 3);
    wrn_blob_free(&blob);
    assert_ok(wrn_writer_commit(writer, &test_error));
    memcpy(data + 10, "patch", 5);
    assert_ok(read_blob(in_folder("out"), at, false, &blob));
    assert_int_equal(blob.size, at);
    assert_memory_equal(blob.data, data, at);
    wrn_blob_free(&blob);
    assert_int_equal(count_files(), 1);
}

static void abort_leaves_nothing(void **state)
{
    (void)state;
    write_file("out", "old", 3);
    struct wrn_writer *writer = open_writer(in_folder("out"));
    assert_ok(wrn_writer_put(writer, "new", 3, &test_error));
    wrn_writer_abort(writer);
    wrn_writer_abort(NULL);
    struct wrn_blob blob;
    assert_ok(read_blob(in_folder("out"), 100, false, &blob));
    assert_memory_equal(blob.data, "old", 3);
    wrn_blob_free(&blob);
    assert_int_equal(count_files(), 1);
}

static void refuses_targets_that_are_no_file(void **state)
{
    (void)state;
    struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_writer *writer;
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    assert_fails(wrn_writer_open(&alloc, "/dev/null", &writer, &test_error), WRN_E_IO, "'/dev/null'");
    assert_fails(wrn_writer_open(&alloc, folder, &writer, &test_error), WRN_E_IO, "not a file");
    assert_fails(wrn_writer_open(&alloc, in_folder("fifo"), &writer, &test_error), WRN_E_IO, "not a file");
    assert_fails(wrn_writer_open(&alloc, in_folder(""), &writer, &test_error), WRN_E_IO, "not a file");
    assert_fails(wrn_writer_open(&alloc, "", &writer, &test_error), WRN_E_IO, "");
    assert_fails(wrn_writer_open(&alloc, in_folder("no/such/folder"), &writer, &test_error), WRN_E_IO, "No such file");
    assert_int_equal(count_files(), 1);
}

static void a_full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    struct rlimit old, small;
    uint8_t data[1000] = { 0 };
    write_file("out", "old", 3);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 100000;
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &small) != 0) skip();
    struct wrn_writer *writer = open_writer(in_folder("out"));
    wrn_status status = WRN_OK;
    for (int i = 0; i < 300 && status == WRN_OK; i++) status = wrn_writer_put(writer, data, sizeof data, &test_error);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    assert_fails(status, WRN_E_IO, "cannot write '");
    wrn_writer_abort(writer);
    struct wrn_blob blob;
    assert_ok(read_blob(in_folder("out"), 100, false, &blob));
    assert_memory_equal(blob.data, "old", 3);
    wrn_blob_free(&blob);
    assert_int_equal(count_files(), 1);
}

static void a_full_disk_at_the_end_keeps_the_old_file(void **state)
{
    (void)state;
    struct rlimit old, small;
    uint8_t data[1000] = { 0 };
    write_file("out", "old", 3);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 100;
    struct wrn_writer *writer = open_writer(in_folder("out"));
    assert_ok(wrn_writer_put(writer, data, sizeof data, &test_error)); /* into the buffer */
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &small) != 0) skip();
    wrn_status status = wrn_writer_commit(writer, &test_error);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    assert_fails(status, WRN_E_IO, "cannot write '");
    assert_int_equal(count_files(), 1);
}

static void a_read_only_folder(void **state)
{
    (void)state;
    if (getuid() == 0) skip(); /* permissions do not bind root */
    struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_writer *writer;
    assert_int_equal(chmod(folder, 0500), 0);
    wrn_status status = wrn_writer_open(&alloc, in_folder("out"), &writer, &test_error);
    chmod(folder, 0700);
    assert_fails(status, WRN_E_IO, "cannot write '");
}

static void a_symlink_is_replaced_not_followed(void **state)
{
    (void)state;
    struct stat info;
    write_file("target", "old", 3);
    assert_int_equal(symlink("target", in_folder("out")), 0);
    struct wrn_writer *writer = open_writer(in_folder("out"));
    assert_ok(wrn_writer_put(writer, "new", 3, &test_error));
    assert_ok(wrn_writer_commit(writer, &test_error));
    assert_int_equal(lstat(in_folder("out"), &info), 0);
    assert_true(S_ISREG(info.st_mode));
    struct wrn_blob blob;
    assert_ok(read_blob(in_folder("target"), 100, false, &blob));
    assert_memory_equal(blob.data, "old", 3);
    wrn_blob_free(&blob);
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_a_folder(reads_and_maps),
        in_a_folder(reads_what_is_wanted),
        in_a_folder(refuses_what_is_no_file),
        in_a_folder(refuses_a_sparse_giant),
        in_a_folder(reads_beside),
        in_a_folder(stays_beside),
        in_a_folder(reports_memory_that_runs_out),
        in_a_folder(notices_a_file_that_changes),
        in_a_folder(writes_atomically),
        in_a_folder(abort_leaves_nothing),
        in_a_folder(refuses_targets_that_are_no_file),
        in_a_folder(a_full_disk_keeps_the_old_file),
        in_a_folder(a_full_disk_at_the_end_keeps_the_old_file),
        in_a_folder(a_read_only_folder),
        in_a_folder(a_symlink_is_replaced_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
