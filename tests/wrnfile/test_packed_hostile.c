/* SPDX-License-Identifier: Apache-2.0 */
/* Sections `packed` with wrong contents under right checksums: an error, or ignored, and never memory that is not there. */
#include "packed_file.h"

#include "make_graph.h"
#include "test.h"
#include "wrnfile_bytes.h"

#include <unistd.h>

static struct image sample; /* loaded in place: "c" packs all convolutions with one algorithm or two */
static size_t section;      /* where the first `packed` begins */

static struct image copy_aligned(const struct image *from)
{
    struct image image = { NULL, from->size };
    assert_int_equal(posix_memalign((void **)&image.data, 64, from->size), 0);
    memcpy(image.data, from->data, from->size);
    return image;
}

static wrn_status load(const struct image *image)
{
    static struct packed_result r;
    wrn_load_options o = WRN_LOAD_OPTIONS_INIT;
    o.isa = WRN_ISA_C;
    o.flags = WRN_LOAD_IN_PLACE;
    o.threads = 1;
    o.pass_batch = 8;
    memset(&test_error, 0, sizeof test_error);
    return packed_load(NULL, image, &o, &r, &test_error);
}

struct change {
    size_t at;
    int size;
    uint64_t value;
    wrn_status status; /* WRN_OK: ignored */
    const char *text;
};

static void check(const struct change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct change *c = &changes[i];
        struct image image = copy_aligned(&sample);
        bytes_put(image.data + section + c->at, c->value, c->size);
        packed_reseal(&image);
        wrn_status status = load(&image);
        if (status != c->status || !strstr(test_error.message, c->text))
            fail_msg("%llu at %zu: %s: %s", (unsigned long long)c->value, c->at, wrn_status_name(status), test_error.message);
        image_free(&image);
    }
}

static uint64_t field(size_t at, int size) { return bytes_get(sample.data + section + at, size); }

static void head(void **state)
{
    (void)state;
    const uint64_t count = field(8, 4);
    const struct change changes[] = {
        { 0, 4, 0, WRN_E_FORMAT, "section 'packed:c/" },
        { 0, 4, 60, WRN_E_FORMAT, "section 'packed:c/" },
        { 0, 4, 68, WRN_E_FORMAT, "a head of 68" },
        { 0, 4, UINT32_MAX, WRN_E_FORMAT, "less than its head" },
        { 4, 4, 0, WRN_E_FORMAT, "a record of 0" },
        { 4, 4, 28, WRN_E_FORMAT, "a record of 28" },
        { 4, 4, 36, WRN_E_FORMAT, "a record of 36" },
        { 4, 4, UINT32_MAX, WRN_E_FORMAT, "a record of" },
        { 8, 4, count - 1, WRN_E_FORMAT, "section 'packed:c/" }, /* too early, or bytes left over: as records fill lines or not */
        { 8, 4, count + 1, WRN_E_FORMAT, "section 'packed:c/" },
        { 8, 4, 0, WRN_E_FORMAT, "after the last node's" },
        { 8, 4, 100001, WRN_E_LIMIT, "100001 records" },
        { 8, 4, bytes_get(packed_entry(&sample, "packed") + 32, 8) / 32, WRN_E_FORMAT, "ends within its records" },
        { 8, 4, UINT32_MAX, WRN_E_LIMIT, "records" },
        { 12, 4, field(12, 4) + 1, WRN_OK, "" },
        { 12, 4, field(12, 4) - 1, WRN_OK, "" },
        { 16, 4, field(16, 4) + 1, WRN_OK, "" },
        { 20, 4, field(20, 4) + 1, WRN_OK, "" },
        { 24, 4, field(24, 4) + 1, WRN_OK, "" },
        { 32, 1, 1, WRN_E_FORMAT, "reserved" },
        { 63, 1, 1, WRN_E_FORMAT, "reserved" },
    };
    check(changes, sizeof changes / sizeof changes[0]);
    struct image image = copy_aligned(&sample); /* the head's own checksum */
    image.data[section + 28] ^= 1;
    reseal(image.data, image.size);
    assert_fails(load(&image), WRN_E_CHECKSUM, "head and records");
    image_free(&image);
}

static void records(void **state)
{
    (void)state;
    const size_t second = 64 + 32, last = 64 + 32 * (size_t)(field(8, 4) - 1);
    const struct change changes[] = {
        { second, 4, field(64, 4), WRN_E_FORMAT, "after node" },
        { second, 4, field(64, 4) - 1, WRN_E_FORMAT, "after node" },
        { 64, 4, UINT32_MAX, WRN_E_FORMAT, "node -1 after" },
        { 64, 4, field(64, 4) + 1, WRN_OK, "" }, /* a node that is no convolution */
        { last, 4, INT32_MAX, WRN_OK, "" },
        { second + 4, 4, field(second + 4, 4) + 1, WRN_OK, "" },
        { second + 4, 4, UINT32_MAX, WRN_OK, "" },
        { second + 8, 4, field(second + 8, 4) ^ 1, WRN_OK, "" },
        { second + 8, 4, 2, WRN_E_FORMAT, "unknown flags" },
        { second + 12, 4, field(second + 12, 4) + 1, WRN_OK, "" },
        { 64 + 16, 8, 0, WRN_E_FORMAT, "at 0, expected at" },
        { 64 + 16, 8, field(64 + 16, 8) + 64, WRN_E_FORMAT, "expected at" },
        { 64 + 16, 8, field(64 + 16, 8) + 1, WRN_E_FORMAT, "expected at" },
        { second + 16, 8, field(64 + 16, 8), WRN_E_FORMAT, "expected at" }, /* the first one's bytes */
        { second + 16, 8, UINT64_MAX - 63, WRN_E_FORMAT, "expected at" },
        { 64 + 24, 8, field(64 + 24, 8) + 64, WRN_E_FORMAT, "expected at" },
        { 64 + 24, 8, field(64 + 24, 8) - 64, WRN_E_FORMAT, "expected at" },
        { 64 + 24, 8, 0, WRN_E_FORMAT, "expected at" },
        { 64 + 24, 8, UINT64_MAX, WRN_E_FORMAT, "reaches past the end" },
        { 64 + 24, 8, UINT64_MAX - field(64 + 16, 8), WRN_E_FORMAT, "reaches past the end" },
        { 64 + 24, 8, (uint64_t)1 << 40, WRN_E_FORMAT, "reaches past the end" },
        { last + 24, 8, field(last + 24, 8) + 1, WRN_E_FORMAT, "reaches past the end" },
        { last + 24, 8, field(last + 24, 8) - 1, WRN_E_FORMAT, "after the last node's" },
    };
    check(changes, sizeof changes / sizeof changes[0]);
}

/* Whatever the packed weights are, they are as many as are read. */
static void any_numbers(void **state)
{
    (void)state;
    static const uint8_t patterns[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
    const size_t data = section + (size_t)field(64 + 16, 8);
    for (size_t i = 0; i <= sizeof patterns; i++) {
        struct image image = copy_aligned(&sample);
        uint32_t seed = 1;
        for (size_t at = data; at < section + (size_t)bytes_get(packed_entry(&image, "packed") + 32, 8); at++)
            image.data[at] = i < sizeof patterns ? patterns[i] : (uint8_t)random_below(&seed, 256);
        assert_ok(load(&image));
        image_free(&image);
    }
}

/* One byte of head and records after the other. */
static void every_byte(void **state)
{
    (void)state;
    static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
    for (size_t at = section; at < section + (size_t)field(64 + 16, 8); at++) {
        for (size_t k = 0; k < sizeof values; k++) {
            struct image image = copy_aligned(&sample);
            image.data[at] = values[k];
            packed_reseal(&image);
            wrn_status status = load(&image);
            assert_true(status == WRN_OK || test_error.message[0]);
            image_free(&image);
        }
    }
}

/* Sections in numbers, and in an order that hides weights from who does not read packed ones. */
static void sections(void **state)
{
    (void)state;
    struct image image = copy_aligned(&sample);
    uint8_t *entry = packed_entry(&image, "packed");
    bytes_put(entry + 40, 2, 4); /* a flag that whoever reads the section must know */
    reseal(image.data, image.size);
    assert_fails(load(&image), WRN_E_UNSUPPORTED, "unknown flags");
    bytes_put(entry + 40, 1, 4); /* known, so it may be required */
    reseal(image.data, image.size);
    assert_ok(load(&image));
    memset(entry + 8, 0, 16); /* without a key it is nothing that is known */
    reseal(image.data, image.size);
    assert_fails(load(&image), WRN_E_UNSUPPORTED, "section 'packed' is required");
    image_free(&image);

    image = image_copy(&sample); /* from a file, where the part up to them is read */
    uint8_t *weights = packed_entry(&image, "weights"), *graph = packed_entry(&image, "graph");
    memcpy(weights, graph, 8);
    memcpy(weights, "packed\0\0k", 9);
    reseal(image.data, image.size);
    char *path = temporary_path("order.wrn");
    FILE *f = fopen(path, "wb");
    assert_int_equal(fwrite(image.data, 1, image.size, f), image.size);
    fclose(f);
    struct packed_result r;
    assert_fails(packed_load(path, NULL, NULL, &r, &test_error), WRN_E_FORMAT, "section 'weights' is missing");
    unlink(path);
    free(path);
    image_free(&image);
}

static int set_up(void **state)
{
    (void)state;
    char *plain = packed_plain_file(), *path = packed_file(plain, "c", "packed.wrn");
    sample = image_load(path);
    section = (size_t)(packed_head(&sample) - sample.data);
    unlink(path), unlink(plain);
    free(path), free(plain);
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
        cmocka_unit_test(head), cmocka_unit_test(records), cmocka_unit_test(any_numbers), cmocka_unit_test(every_byte),
        cmocka_unit_test(sections),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
