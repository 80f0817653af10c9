/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of .wrn files: damaged and hostile headers and tables, cut-off files, flipped bits, versions. */
#include "sample.h"
#include "test.h"
#include "wrnfile_bytes.h"

static struct image sample;
static int32_t node_count; /* in it */

/* What is done to a copy of the sample, and how reading that ends. */
struct field {
    int at, size; /* in the header */
    uint64_t value;
    wrn_status status;
    const char *text;
};

static void expect(struct image *image, wrn_status status, const char *text)
{
    struct wrn_graph *graph = NULL;
    memset(&test_error, 0, sizeof test_error);
    assert_fails(image_read(image, &graph, &test_error), status, text);
    assert_null(graph);
    image_free(image);
}

static void expect_sealed(struct image *image, wrn_status status, const char *text)
{
    reseal(image->data, image->size);
    expect(image, status, text);
}

static void expect_loads(struct image *image)
{
    struct wrn_graph *graph;
    reseal(image->data, image->size);
    assert_ok(image_read(image, &graph, &test_error));
    assert_int_equal(graph->node_count, node_count);
    wrn_graph_free(graph);
    image_free(image);
}

static void not_a_file_of_this_kind(void **state)
{
    (void)state;
    for (size_t size = 0; size < 64; size++) {
        struct image cut = { sample.data, size }, copy = image_copy(&cut);
        expect(&copy, WRN_E_FORMAT, size < 4 ? "not a .wrn file" : size < 8 ? "cut off" : "within the header");
    }
    struct image i = image_copy(&sample);
    memcpy(i.data, "PK\3\4", 4);
    expect(&i, WRN_E_FORMAT, "not a .wrn file");
    i = image_copy(&sample);
    for (int k = 0; k < 8; k++) i.data[k] = sample.data[7 - k];
    assert_true(wrn_importer_wrn.probe(i.data, i.size));
    expect(&i, WRN_E_FORMAT, "swapped");
    i = image_copy(&sample);
    for (int k = 0; k < 8; k++) i.data[k] = sample.data[k ^ 3];
    assert_true(wrn_importer_wrn.probe(i.data, i.size));
    expect(&i, WRN_E_FORMAT, "swapped");
    i = image_copy(&sample); /* CR LF became LF */
    memmove(i.data + 4, i.data + 5, i.size - 5);
    expect(&i, WRN_E_FORMAT, "as text");
    assert_true(wrn_importer_wrn.probe(sample.data, 4));
    assert_false(wrn_importer_wrn.probe(sample.data, 3));
    assert_false(wrn_importer_wrn.probe((const uint8_t *)"\x08\x07\x12\x07pytorch", 11));
}

static void header_fields(void **state)
{
    (void)state;
    const uint64_t size = sample.size;
    const struct field fields[] = {
        { 8, 2, 2, WRN_E_UNSUPPORTED, "version 2.0" },
        { 8, 2, 0, WRN_E_UNSUPPORTED, "version 0.0" },
        { 8, 2, 0xffff, WRN_E_UNSUPPORTED, "version 65535.0" },
        { 12, 4, 0, WRN_E_FORMAT, "a header of 0" },
        { 12, 4, 63, WRN_E_FORMAT, "a header of 63" },
        { 12, 4, 128, WRN_E_FORMAT, "a header of 128" },
        { 12, 4, 0x80000000u, WRN_E_FORMAT, "a header of" },
        { 16, 8, 0, WRN_E_FORMAT, "the header tells of 0 bytes" },
        { 16, 8, size - 1, WRN_E_FORMAT, "the header tells of" },
        { 16, 8, size + 1, WRN_E_FORMAT, "the header tells of" },
        { 16, 8, UINT64_MAX, WRN_E_FORMAT, "the header tells of" },
        { 24, 4, 1, WRN_E_UNSUPPORTED, "required flags 0x1" },
        { 24, 4, 0x80000000u, WRN_E_UNSUPPORTED, "required flags 0x80000000" },
        { 32, 4, 0, WRN_E_FORMAT, "after the last section" },
        { 32, 4, 5, WRN_E_FORMAT, "" }, /* the table's last entry becomes padding, or is no longer zero */
        { 32, 4, 7, WRN_E_FORMAT, "overlaps" },
        { 32, 4, 1024, WRN_E_FORMAT, "within the section table" },
        { 32, 4, 1025, WRN_E_LIMIT, "1025 sections" },
        { 32, 4, UINT32_MAX, WRN_E_LIMIT, "4294967295 sections" },
        { 36, 4, 0, WRN_E_FORMAT, "entries of 0" },
        { 36, 4, 65, WRN_E_FORMAT, "entries of 65" },
        { 36, 4, 0x80000000u, WRN_E_FORMAT, "entries of" },
        { 40, 4, 0, WRN_E_FORMAT, "alignment of 0" },
        { 40, 4, 3, WRN_E_FORMAT, "alignment of 3" },
        { 40, 4, 32, WRN_E_FORMAT, "alignment of 32" },
        { 40, 4, 0x80000000u, WRN_E_FORMAT, "alignment of" },
        { 44, 1, 1, WRN_E_FORMAT, "reserved" },
        { 59, 1, 0x80, WRN_E_FORMAT, "reserved" },
    };
    for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++) {
        struct image i = image_copy(&sample);
        bytes_put(i.data + fields[k].at, fields[k].value, fields[k].size);
        expect_sealed(&i, fields[k].status, fields[k].text);
    }
    struct image i = image_copy(&sample);
    bytes_put(i.data + 28, 0xffffffffu, 4); /* optional flags */
    expect_loads(&i);
    i = image_copy(&sample);
    i.data[60] ^= 1;
    expect(&i, WRN_E_CHECKSUM, "header and section table");
}

/* Changes one field of the table entry of the section. */
static struct image with_entry(const char *section, int at, int size, uint64_t value)
{
    struct image i = image_copy(&sample);
    bytes_put(bytes_entry(i.data, i.size, section) + at, value, size);
    return i;
}

static void section_places(void **state)
{
    (void)state;
    uint8_t *weights = bytes_entry(sample.data, sample.size, "weights"), *labels = bytes_entry(sample.data, sample.size, "labels");
    uint64_t at = bytes_get(weights + 24, 8), size = bytes_get(weights + 32, 8), labels_at = bytes_get(labels + 24, 8);
    struct image i = with_entry("weights", 32, 8, UINT64_MAX - at + 1); /* the sum is 2^64 */
    expect_sealed(&i, WRN_E_FORMAT, "section 'weights'");
    i = with_entry("weights", 32, 8, UINT64_MAX - at + 200);
    expect_sealed(&i, WRN_E_FORMAT, "'weights'");
    i = with_entry("weights", 24, 8, UINT64_MAX - 63);
    expect_sealed(&i, WRN_E_FORMAT, "past the end of the file");
    i = with_entry("weights", 32, 8, size + 1);
    expect_sealed(&i, WRN_E_FORMAT, "past the end of the file");
    i = with_entry("weights", 32, 8, size - 1);
    expect_sealed(&i, WRN_E_FORMAT, "1 bytes after the last section");
    i = with_entry("weights", 24, 8, labels_at);
    expect_sealed(&i, WRN_E_FORMAT, "overlaps");
    i = with_entry("labels", 24, 8, 0);
    expect_sealed(&i, WRN_E_FORMAT, "overlaps");
    i = with_entry("graph", 24, 8, 0);
    expect_sealed(&i, WRN_E_FORMAT, "overlaps");
    i = with_entry("graph", 24, 8, 64);
    expect_sealed(&i, WRN_E_FORMAT, "overlaps");
    i = with_entry("labels", 24, 8, labels_at + 1);
    expect_sealed(&i, WRN_E_FORMAT, "expected at");
    i = with_entry("labels", 24, 8, labels_at + 64);
    expect_sealed(&i, WRN_E_FORMAT, "expected at");
    i = with_entry("labels", 32, 8, 1 << 20);
    expect_sealed(&i, WRN_E_FORMAT, "section 'labels'");
}

static void section_entries(void **state)
{
    (void)state;
    static const char *const names[] = { "graph", "preproc", "labels", "props", "golden", "weights" };
    for (int k = 0; k < 6; k++) {
        uint64_t crc = bytes_get(bytes_entry(sample.data, sample.size, names[k]) + 44, 4);
        struct image i = with_entry(names[k], 44, 4, crc ^ 1);
        reseal_header(i.data, i.size);
        expect(&i, WRN_E_CHECKSUM, names[k]);
        i = with_entry(names[k], 0, 1, 'x'); /* unknown: skipped, or refused where required */
        const bool required = k == 0 || k == 5;
        if (required) expect_sealed(&i, WRN_E_UNSUPPORTED, "is required");
        else expect_loads(&i);
        i = with_entry(names[k], 0, 1, 'x');
        bytes_put(bytes_entry(i.data, i.size, k == 0 ? "xraph" : k == 5 ? "xeights" : names[0]) + 40, 0, 4);
        if (required) expect_sealed(&i, WRN_E_FORMAT, "is missing");
        else image_free(&i);
        i = with_entry(names[k], 40, 4, 2);
        expect_sealed(&i, WRN_E_UNSUPPORTED, "unknown flags");
        i = with_entry(names[k], 40, 4, 0x8000);
        expect_sealed(&i, WRN_E_UNSUPPORTED, names[k]);
        i = with_entry(names[k], 40, 4, 0xffff0001u); /* known and required, the rest may be ignored */
        expect_loads(&i);
        i = with_entry(names[k], 63, 1, 1);
        expect_sealed(&i, WRN_E_FORMAT, "reserved");
        i = with_entry(names[k], 8, 4, 'c' << 16); /* a hole in the key */
        expect_sealed(&i, WRN_E_FORMAT, "bad name or key");
        i = with_entry(names[k], 0, 1, 0);
        expect_sealed(&i, WRN_E_FORMAT, "bad name or key");
        i = with_entry(names[k], 0, 1, '\n');
        expect_sealed(&i, WRN_E_FORMAT, "bad name or key");
    }
    struct image i = with_entry("labels", 0, 8, 0);
    memcpy(i.data + 64 + 2 * 64, "props\0\0", 8);
    expect_sealed(&i, WRN_E_FORMAT, "section 'props' stands twice");
    i = with_entry("weights", 8, 1, 'k'); /* with a key it is another section, which nobody knows */
    expect_sealed(&i, WRN_E_UNSUPPORTED, "section 'weights:k' is required");
    i = with_entry("labels", 8, 1, 'k');
    expect_loads(&i);
}

static void padding(void **state)
{
    (void)state;
    size_t table, entry, count, tried = 0;
    assert_true(bytes_table(sample.data, sample.size, &table, &entry, &count));
    for (size_t k = 0; k + 1 < count; k++) {
        const uint8_t *e = sample.data + table + k * entry;
        size_t end = (size_t)(bytes_get(e + 24, 8) + bytes_get(e + 32, 8)), next = (size_t)bytes_get(e + entry + 24, 8);
        for (size_t at = end; at < next; at++, tried++) {
            struct image i = image_copy(&sample);
            i.data[at] = 1;
            expect(&i, WRN_E_FORMAT, "padding");
        }
    }
    assert_true(tried > 0);
}

static void wrong_total_size(void **state)
{
    (void)state;
    for (size_t size = 0; size < sample.size; size++) {
        struct image cut = { sample.data, size }, i = image_copy(&cut);
        expect(&i, WRN_E_FORMAT, "");
        if (size < 64) continue;
        i = image_copy(&cut); /* a header that tells the truth about it */
        bytes_put(i.data + 16, size, 8);
        expect_sealed(&i, WRN_E_FORMAT, "");
    }
    struct image twice = { malloc(2 * sample.size), 2 * sample.size };
    memcpy(twice.data, sample.data, sample.size);
    memcpy(twice.data + sample.size, sample.data, sample.size);
    struct image i = image_copy(&twice);
    expect(&i, WRN_E_FORMAT, "the header tells of");
    bytes_put(twice.data + 16, twice.size, 8);
    expect_sealed(&twice, WRN_E_FORMAT, "after the last section");
}

/* A changed byte is never read as if it were right. */
static void every_flipped_bit(void **state)
{
    (void)state;
    struct image i = image_copy(&sample);
    for (size_t at = 0; at < i.size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            struct wrn_graph *graph = NULL;
            i.data[at] ^= (uint8_t)(1 << bit);
            wrn_status status = image_read(&i, &graph, &test_error);
            i.data[at] ^= (uint8_t)(1 << bit);
            if (status == WRN_OK) fail_msg("bit %d of byte %zu was flipped and nobody noticed", bit, at);
        }
    }
    image_free(&i);
}

/* The sample as a later minor version might write it: everything that may grow has grown, there is a section more. */
static struct image grown(uint32_t new_section_flags)
{
    size_t table, entry, count, end, new_table = 128, new_entry = 72;
    assert_true(bytes_table(sample.data, sample.size, &table, &entry, &count));
    struct image i = { calloc(1, sample.size + 8192), 0 };
    memcpy(i.data, sample.data, 64);
    memset(i.data + 44, 0xab, 16);          /* bytes that were reserved */
    memset(i.data + 64, 0xab, 64);          /* a longer header */
    bytes_put(i.data + 10, 1, 2);
    bytes_put(i.data + 12, new_table, 4);
    bytes_put(i.data + 32, count + 1, 4);
    bytes_put(i.data + 36, new_entry, 4);
    end = new_table + new_entry * (count + 1);
    for (size_t k = 0; k <= count; k++) {
        uint8_t *e = i.data + new_table + k * new_entry;
        const uint8_t *from = sample.data + table + k * entry;
        size_t start = (end + 63) / 64 * 64, size = k < count ? (size_t)bytes_get(from + 32, 8) : 100;
        if (k < count) {
            memcpy(e, from, entry);
            memcpy(i.data + start, sample.data + bytes_get(from + 24, 8), size);
        } else {
            memcpy(e, "newer\0\0\0avx512/direct", 21);
            bytes_put(e + 40, new_section_flags, 4);
            memset(i.data + start, 0xcd, size);
        }
        memset(e + 48, 0xab, new_entry - 48);
        if (k < count && memcmp(e, "preproc", 8) == 0) { /* a field more at the end */
            bytes_put(i.data + start, size + 4, 4);
            memset(i.data + start + size, 0x11, 4);
            size += 4;
        }
        if (k < count && memcmp(e, "graph", 6) == 0) { /* head and records longer by 8 */
            uint32_t weights = (uint32_t)bytes_get(i.data + start + 12, 4), nodes = (uint32_t)bytes_get(i.data + start + 16, 4);
            const uint8_t *old = sample.data + bytes_get(from + 24, 8);
            uint8_t *to = i.data + start;
            size_t left = size;
            for (uint32_t r = 0; r <= weights + nodes; r++) {
                size_t length = r == 0 || r <= weights ? 64 : 128;
                memcpy(to, old, length);
                memset(to + length, 0xef, 8);
                to += length + 8, old += length, left -= length;
            }
            memcpy(to, old, left); /* strings */
            to += left;
            bytes_put(i.data + start, 72, 4);
            bytes_put(i.data + start + 4, 72, 4);
            bytes_put(i.data + start + 8, 136, 4);
            size = (size_t)(to - (i.data + start));
        }
        bytes_put(e + 24, start, 8);
        bytes_put(e + 32, size, 8);
        end = start + size;
    }
    bytes_put(i.data + 16, end, 8);
    i.size = end;
    reseal(i.data, i.size);
    return i;
}

static void later_minor_version(void **state)
{
    (void)state;
    struct wrn_graph *graph, *original = sample_graph();
    struct image i = grown(0);
    assert_ok(image_read(&i, &graph, &test_error));
    assert_same_graph(original, graph);
    wrn_graph_free(graph);
    struct image exact = image_copy(&i); /* so that reading past the end is seen */
    image_free(&i);
    assert_ok(image_read(&exact, &graph, &test_error));
    wrn_graph_free(graph);
    bytes_put(exact.data + 10, 0, 2);
    expect_sealed(&exact, WRN_E_FORMAT, "a header of 128"); /* version 1.0 has no such sizes */
    i = grown(1);
    expect(&i, WRN_E_UNSUPPORTED, "section 'newer:avx512/direct' is required");
    i = image_copy(&sample);
    bytes_put(i.data + 10, 1, 2);
    expect_loads(&i);
    i = image_copy(&sample);
    bytes_put(i.data + 10, 0xffff, 2);
    expect_loads(&i);
    wrn_graph_free(original);
}

static int set_up(void **state)
{
    (void)state;
    struct wrn_graph *graph = sample_graph();
    sample = image_of(graph);
    node_count = graph->node_count;
    wrn_graph_free(graph);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    image_free(&sample);
    return temporary_cleanup();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_a_file_of_this_kind), cmocka_unit_test(header_fields),     cmocka_unit_test(section_places),
        cmocka_unit_test(section_entries),         cmocka_unit_test(padding),           cmocka_unit_test(wrong_total_size),
        cmocka_unit_test(every_flipped_bit),       cmocka_unit_test(later_minor_version),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
