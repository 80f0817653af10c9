/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and reading .wrn files that are as they should be; memory that runs out on the way. */
#include "make_graph.h"
#include "sample.h"
#include "test.h"
#include "wrnfile_bytes.h"

#include <unistd.h>

static void check_roundtrip(struct wrn_graph *graph)
{
    struct wrn_graph *again;
    struct image first = image_of(graph);
    assert_ok(image_read(&first, &again, &test_error));
    assert_same_graph(graph, again);
    struct image second = image_of(again);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    image_free(&second);
    wrn_graph_free(again);
    image_free(&first);
    wrn_graph_free(graph);
}

static void everything(void **state)
{
    (void)state;
    check_roundtrip(sample_graph());
}

static void nothing_optional(void **state)
{
    (void)state;
    check_roundtrip(sample_graph_bare());
}

static void whole_networks(void **state)
{
    (void)state;
    struct make_graph o = make_graph_small();
    check_roundtrip(make_graph(&o));
    o.post_activation = o.imagenet_stem = o.dropout = true;
    o.height = o.width = 64;
    check_roundtrip(make_graph(&o));
}

static void every_tensor_is_aligned(void **state)
{
    (void)state;
    struct wrn_graph *graph = sample_graph(), *again;
    struct image image = image_of(graph);
    size_t table, entry, count;
    assert_true(bytes_table(image.data, image.size, &table, &entry, &count));
    assert_int_equal(count, 6);
    for (size_t i = 0; i < count; i++) assert_int_equal(bytes_get(image.data + table + i * entry + 24, 8) % 64, 0);
    assert_ok(image_read(&image, &again, &test_error));
    const uint8_t *weights = bytes_section(image.data, image.size, "weights");
    for (int32_t i = 0; i < again->weight_count; i++) assert_int_equal(((const uint8_t *)again->weights[i].data - weights) % 64, 0);
    wrn_graph_free(again);
    wrn_graph_free(graph);
    image_free(&image);
}

/* A host's buffer may begin anywhere: tensors are then copied. */
static void memory_that_is_not_aligned(void **state)
{
    (void)state;
    struct wrn_graph *graph = sample_graph(), *again;
    struct image image = image_of(graph);
    uint8_t *buffer = malloc(image.size + 4);
    for (size_t shift = 1; shift < 4; shift++) {
        struct image moved = { buffer + shift, image.size };
        memcpy(moved.data, image.data, image.size);
        assert_ok(image_read(&moved, &again, &test_error));
        assert_same_graph(graph, again);
        for (int32_t i = 0; i < again->weight_count; i++)
            assert_int_equal((uintptr_t)again->weights[i].data % (again->weights[i].dtype == WRN_F16 ? 2 : 4), 0);
        wrn_graph_free(again);
    }
    free(buffer);
    image_free(&image);
    wrn_graph_free(graph);
}

static void from_a_file(void **state)
{
    (void)state;
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_graph *graph = sample_graph(), *again;
    char *path = temporary_path("file.wrn");
    assert_ok(wrn_wrnfile_write(graph, NULL, path, &test_error));
    for (int map = 0; map < 2; map++) {
        struct wrn_blob blob;
        const char *format = NULL;
        assert_ok(wrn_blob_read(&alloc, path, WRN_MAX_FILE_BYTES, map, &blob, &test_error));
        struct wrn_source source = { .alloc = alloc, .blob = &blob, .path = path };
        assert_ok(wrn_import(&source, &again, &format, &test_error));
        assert_string_equal(format, "wrn");
        assert_int_equal(blob.kind, WRN_BLOB_NONE); /* the graph has it now */
        assert_int_equal(again->blob.kind, map ? WRN_BLOB_MAPPED : WRN_BLOB_HEAP);
        assert_same_graph(graph, again);
        wrn_graph_free(again);
    }
    unlink(path);
    free(path);
    wrn_graph_free(graph);
}

/* Read into memory, a file may then be replaced, cut or removed: nothing of it is used any more. */
static void file_changed_after_reading(void **state)
{
    (void)state;
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_graph *graph = sample_graph(), *again;
    char *path = temporary_path("changing.wrn");
    assert_ok(wrn_wrnfile_write(graph, NULL, path, &test_error));
    struct wrn_blob blob;
    const char *format;
    assert_ok(wrn_blob_read(&alloc, path, WRN_MAX_FILE_BYTES, false, &blob, &test_error));
    assert_int_equal(truncate(path, 100), 0);
    struct wrn_source source = { .alloc = alloc, .blob = &blob, .path = path };
    assert_ok(wrn_import(&source, &again, &format, &test_error));
    unlink(path);
    assert_same_graph(graph, again);
    wrn_graph_free(again);

    /* Mapped, a file that is replaced the way wrn_wrnfile_write does it stays as it was. */
    assert_ok(wrn_wrnfile_write(graph, NULL, path, &test_error));
    assert_ok(wrn_blob_read(&alloc, path, WRN_MAX_FILE_BYTES, true, &blob, &test_error));
    struct wrn_graph *bare = sample_graph_bare();
    assert_ok(wrn_wrnfile_write(bare, NULL, path, &test_error));
    assert_ok(wrn_import(&source, &again, &format, &test_error));
    assert_same_graph(graph, again);
    wrn_graph_free(again);
    wrn_graph_free(bare);
    unlink(path);
    free(path);
    wrn_graph_free(graph);
}

static void another_input_size(void **state)
{
    (void)state;
    struct wrn_graph *graph = sample_graph(), *again;
    struct image image = image_of(graph);
    const char *format;
    struct wrn_blob blob = { .alloc = wrn_alloc_default(), .data = image.data, .size = image.size, .kind = WRN_BLOB_BORROWED };
    struct wrn_source source = { .alloc = blob.alloc, .blob = &blob, .height = 9, .width = 8 };
    assert_ok(wrn_import(&source, &again, &format, &test_error));
    assert_int_equal(again->values[again->input].h, 9);
    assert_int_equal(again->golden.batch, 0); /* recorded for the file's size */
    wrn_graph_free(again);
    blob.kind = WRN_BLOB_BORROWED;
    source.height = source.width = 40000;
    assert_fails(wrn_import(&source, &again, &format, &test_error), WRN_E_LIMIT, "pixels");
    assert_null(again);
    image_free(&image);
    wrn_graph_free(graph);
}

static int32_t cancel_now(void *user)
{
    return --*(int32_t *)user < 0;
}

static void cancelled(void **state)
{
    (void)state;
    struct wrn_graph *graph = sample_graph(), *again = graph;
    struct image image = image_of(graph);
    struct wrn_blob blob = { .alloc = wrn_alloc_default(), .data = image.data, .size = image.size, .kind = WRN_BLOB_BORROWED };
    int32_t rounds = 0;
    for (;; rounds++) {
        int32_t left = rounds;
        struct wrn_source source = { .alloc = blob.alloc, .blob = &blob, .cancel = cancel_now, .cancel_user = &left };
        wrn_status status = wrn_importer_wrn.read(&source, &again, &test_error);
        if (status == WRN_OK) break;
        assert_int_equal(status, WRN_E_CANCELLED);
        assert_null(again);
    }
    assert_true(rounds > 6); /* at least between the sections */
    wrn_graph_free(again);
    wrn_graph_free(graph);
    image_free(&image);
}

static void names_that_cannot_be_kept(void **state)
{
    (void)state;
    char *path = temporary_path("names.wrn");
    struct wrn_graph *graph = sample_graph();
    graph->nodes[3].name = "rel\xc3"; /* cut off in the middle of a character */
    assert_fails(wrn_wrnfile_write(graph, NULL, path, &test_error), WRN_E_FORMAT, "not UTF-8");
    assert_int_equal(access(path, F_OK), -1);
    wrn_graph_free(graph);
    free(path);
}

static void places_that_cannot_be_written(void **state)
{
    (void)state;
    struct wrn_graph *graph = sample_graph();
    char *missing = temporary_path("missing/file.wrn"), *folder = temporary_path("");
    assert_fails(wrn_wrnfile_write(graph, NULL, missing, &test_error), WRN_E_IO, "missing/file.wrn");
    assert_fails(wrn_wrnfile_write(graph, NULL, folder, &test_error), WRN_E_IO, "wrn-test");
    free(folder);
    free(missing);
    wrn_graph_free(graph);
}

static void out_of_memory_while_reading(void **state)
{
    (void)state;
    struct wrn_graph *graph = sample_graph(), *again;
    struct image image = image_of(graph);
    struct failing memory = { 0, 0, 0 };
    wrn_status status;
    do {
        memory.calls = 0;
        struct wrn_blob blob = { .alloc = failing_alloc(&memory), .data = image.data, .size = image.size, .kind = WRN_BLOB_BORROWED };
        struct wrn_source source = { .alloc = failing_alloc(&memory), .blob = &blob };
        status = wrn_importer_wrn.read(&source, &again, &test_error);
        if (status != WRN_OK) {
            assert_int_equal(status, WRN_E_NOMEM);
            assert_null(again);
            assert_int_equal(memory.live, 0);
            memory.fail_at++;
        }
    } while (status != WRN_OK);
    assert_true(memory.fail_at >= 2);
    assert_same_graph(graph, again);
    wrn_graph_free(again);
    assert_int_equal(memory.live, 0);
    image_free(&image);
    wrn_graph_free(graph);
}

/* The file that was there before is still there after every failure. */
static void out_of_memory_while_writing(void **state)
{
    (void)state;
    struct wrn_graph *graph = sample_graph(), *bare = sample_graph_bare();
    char *path = temporary_path("kept.wrn");
    struct image before = image_of(bare), expected = image_of(graph);
    struct failing memory = { 0, 0, 0 };
    const struct wrn_alloc real = graph->arena.alloc;
    assert_ok(wrn_wrnfile_write(bare, NULL, path, &test_error));
    wrn_status status;
    do {
        memory.calls = 0;
        graph->arena.alloc = failing_alloc(&memory);
        status = wrn_wrnfile_write(graph, NULL, path, &test_error);
        graph->arena.alloc = real;
        struct image now = image_load(path);
        const struct image *wanted = status == WRN_OK ? &expected : &before;
        assert_int_equal(now.size, wanted->size);
        assert_memory_equal(now.data, wanted->data, now.size);
        image_free(&now);
        assert_int_equal(memory.live, 0);
        if (status != WRN_OK) assert_int_equal(status, WRN_E_NOMEM);
        memory.fail_at++;
    } while (status != WRN_OK);
    assert_true(memory.fail_at > 5);
    unlink(path);
    free(path);
    image_free(&before);
    image_free(&expected);
    wrn_graph_free(graph);
    wrn_graph_free(bare);
}

static int nothing_is_left(void **state)
{
    (void)state;
    return temporary_cleanup();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything),
        cmocka_unit_test(nothing_optional),
        cmocka_unit_test(whole_networks),
        cmocka_unit_test(every_tensor_is_aligned),
        cmocka_unit_test(memory_that_is_not_aligned),
        cmocka_unit_test(from_a_file),
        cmocka_unit_test(file_changed_after_reading),
        cmocka_unit_test(another_input_size),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(names_that_cannot_be_kept),
        cmocka_unit_test(places_that_cannot_be_written),
        cmocka_unit_test(out_of_memory_while_reading),
        cmocka_unit_test(out_of_memory_while_writing),
    };
    return cmocka_run_group_tests(tests, NULL, nothing_is_left);
}
