/* SPDX-License-Identifier: Apache-2.0 */
/* Weights packed ahead of time: used where they fit, ignored where they do not, and without any effect on results. */
#include "packed_file.h"

#include "conv/conv.h"
#include "test.h"
#include "wrnfile_bytes.h"

#include <fcntl.h>
#include <unistd.h>

static char *plain;

/* Memory that is aligned as a mapping is, for loads in place. */
static struct image aligned_image(const char *path)
{
    struct image file = image_load(path), image = { NULL, file.size };
    assert_int_equal(posix_memalign((void **)&image.data, 64, file.size), 0);
    memcpy(image.data, file.data, file.size);
    image_free(&file);
    return image;
}

static struct packed_result loaded(const char *path, const wrn_load_options *options)
{
    struct packed_result r;
    assert_ok(packed_load(path, NULL, options, &r, &test_error));
    return r;
}

static struct packed_result loaded_image(const struct image *image, const wrn_load_options *options)
{
    struct packed_result r;
    assert_ok(packed_load(NULL, image, options, &r, &test_error));
    return r;
}

static void assert_same(const struct packed_result *a, const struct packed_result *b)
{
    assert_string_equal(a->algorithms, b->algorithms);
    assert_memory_equal(a->output, b->output, sizeof a->output);
}

/* Every instruction set and algorithm: all convolutions are found, and results are the same bits as without them. */
static void everything_is_found(void **state)
{
    (void)state;
    struct wrn_cpu cpu;
    wrn_cpu_detect(&cpu);
    for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++) {
        if (!(cpu.isa_mask & 1u << isa)) continue;
        for (const struct wrn_conv_impl *const *impl = wrn_conv_impls; *impl; impl++) {
            char pack[64];
            snprintf(pack, sizeof pack, "%s,%s", wrn_isa_name(isa), (*impl)->name);
            char *path = packed_file(plain, pack, "packed.wrn");
            struct image image = aligned_image(path);
            for (int forced = 0; forced < 2; forced++) {
                wrn_load_options o = WRN_LOAD_OPTIONS_INIT;
                o.isa = isa;
                o.algorithm = forced ? (*impl)->name : NULL;
                struct packed_result expected = loaded(plain, &o), ordinary = loaded(path, &o), copied = loaded_image(&image, &o);
                o.flags = WRN_LOAD_IN_PLACE;
                struct packed_result in_place = loaded_image(&image, &o);
                o.flags = WRN_LOAD_MMAP;
                struct packed_result mapped = loaded(path, &o);
                o.flags |= WRN_LOAD_VERIFY;
                struct packed_result verified = loaded(path, &o);
                assert_true(mapped.convs > 10);
                assert_true(mapped.in_file == mapped.convs && in_place.in_file == mapped.convs && verified.in_file == mapped.convs);
                assert_true(expected.in_file == 0 && ordinary.in_file == 0 && copied.in_file == 0);
                assert_same(&mapped, &expected);
                assert_same(&verified, &expected);
                assert_same(&in_place, &expected);
                assert_same(&ordinary, &expected);
                assert_same(&copied, &expected);
            }
            image_free(&image);
            unlink(path);
            free(path);
        }
    }
}

/* Loads that decide otherwise find what fits them, and pack the rest. */
static void other_options(void **state)
{
    (void)state;
    char *path = packed_file(plain, "auto;c", "packed.wrn");
    const struct {
        wrn_load_options o;
        bool none, all;
    } loads[] = {
        { .o = { .pass_batch = 1 } },
        { .o = { .features = "stage1,stage2,last" } },
        { .o = { .height = 8, .width = 8 } },
        { .o = { .algorithm = "reference" }, .none = true },
        { .o = { .isa = WRN_ISA_C }, .all = true },
        { .o = { .threads = 1 }, .all = true },
        { .o = { .threads = 3 }, .all = true },
        { .o = { .memory_limit = loaded(plain, NULL).bytes * 3 / 4 } },
    };
    for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++) {
        wrn_load_options o = loads[i].o;
        o.struct_size = sizeof o;
        struct packed_result expected = loaded(plain, &o);
        o.flags = WRN_LOAD_MMAP;
        struct packed_result mapped = loaded(path, &o);
        assert_same(&mapped, &expected);
        assert_int_equal(mapped.in_file > 0, !loads[i].none);
        if (loads[i].all) assert_int_equal(mapped.in_file, mapped.convs);
    }
    unlink(path);
    free(path);
}

/* A limit leads to the same choices with packed weights and without; and a limit of what is used is enough. */
static void memory_limits(void **state)
{
    (void)state;
    char *path = packed_file(plain, "auto", "packed.wrn");
    int kept = 0, refused = 0;
    for (uint64_t limit = 1 << 17; limit < (uint64_t)16 << 20; limit += limit / 4) {
        struct packed_result expected, mapped, again;
        wrn_load_options o = WRN_LOAD_OPTIONS_INIT;
        o.threads = 1;
        o.memory_limit = limit;
        wrn_status status = packed_load(plain, NULL, &o, &expected, &test_error);
        o.flags = WRN_LOAD_MMAP;
        assert_int_equal(packed_load(path, NULL, &o, &mapped, &test_error), status);
        if (status != WRN_OK) {
            refused++;
            continue;
        }
        kept++;
        assert_same(&mapped, &expected);
        /* Of what is mapped, small weights leave the block that they share with biases: its rest, below 16 KiB, may count. */
        if (!(expected.bytes <= limit && mapped.bytes < expected.bytes + (16 << 10)))
            fail_msg("limit %llu: %llu bytes read, %llu mapped", (unsigned long long)limit, (unsigned long long)expected.bytes, (unsigned long long)mapped.bytes);
        o.memory_limit = expected.bytes;
        assert_ok(packed_load(plain, NULL, &o, &again, &test_error));
        assert_true(again.bytes <= expected.bytes);
    }
    assert_true(kept > 3 && refused > 0);
    unlink(path);
    free(path);
}

/* Made by another version, or from another graph or other weights: ignored. */
static void made_from_something_else(void **state)
{
    (void)state;
    static const int fields[] = { 12, 16, 20, 24 }; /* version; CRC of graph, of weights, of small weights */
    char *path = packed_file(plain, "auto", "packed.wrn");
    wrn_load_options o = WRN_LOAD_OPTIONS_INIT;
    struct packed_result expected = loaded(plain, &o);
    o.flags = WRN_LOAD_IN_PLACE;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct image image = aligned_image(path);
        packed_head(&image)[fields[i]] ^= 1;
        packed_reseal(&image);
        /* "auto" makes a section for each algorithm, of which one is changed. */
        struct packed_result got = loaded_image(&image, &o);
        assert_true(got.in_file < got.convs);
        assert_same(&got, &expected);
        image_free(&image);
    }
    struct image image = aligned_image(path); /* the section's key is what nobody looks for */
    packed_entry(&image, "packed")[8] ^= 1;
    packed_reseal(&image);
    struct packed_result got = loaded_image(&image, &o);
    assert_true(got.in_file < got.convs);
    assert_same(&got, &expected);
    image_free(&image);
    unlink(path);
    free(path);
}

static void write_image(const struct image *image, const char *path)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(image->data, 1, image->size, f), image->size);
    assert_int_equal(fclose(f), 0);
}

/* Where a weight's elements stand in the file: the first of that rank. */
static size_t elements_of(const struct image *image, uint8_t rank)
{
    const uint8_t *graph = bytes_section(image->data, image->size, "graph"), *record = graph + 64;
    while (record[9] != rank) record += 64;
    return (size_t)(bytes_section(image->data, image->size, "weights") - image->data) + bytes_get(record + 16, 8);
}

/* Neither original nor packed weights are read, so a changed byte is seen where all checksums are asked for alone. In the
 * small ones, which are read, it is seen always; so it is by loads that do not use packed weights. */
static void changed_bytes(void **state)
{
    (void)state;
    char *path = packed_file(plain, "auto", "packed.wrn"), *changed = temporary_path("changed.wrn");
    wrn_load_options o = WRN_LOAD_OPTIONS_INIT;
    o.flags = WRN_LOAD_MMAP;
    struct packed_result expected = loaded(path, &o), r;

    struct image image = image_load(path);
    image.data[elements_of(&image, 4)] ^= 1;
    write_image(&image, changed);
    struct packed_result got = loaded(changed, &o);
    assert_same(&got, &expected);
    o.flags = 0;
    assert_fails(packed_load(changed, NULL, &o, &r, &test_error), WRN_E_CHECKSUM, "section 'weights'");
    o.flags = WRN_LOAD_MMAP | WRN_LOAD_VERIFY;
    assert_fails(packed_load(changed, NULL, &o, &r, &test_error), WRN_E_CHECKSUM, "section 'weights'");
    o.flags = WRN_LOAD_MMAP;
    o.algorithm = "reference"; /* does not fit */
    assert_fails(packed_load(changed, NULL, &o, &r, &test_error), WRN_E_CHECKSUM, "section 'weights'");
    o.algorithm = NULL;
    image_free(&image);

    image = image_load(path);
    image.data[elements_of(&image, 1)] ^= 1;
    write_image(&image, changed);
    assert_fails(packed_load(changed, NULL, &o, &r, &test_error), WRN_E_CHECKSUM, "section 'weights'");
    image_free(&image);

    image = image_load(path);
    packed_head(&image)[bytes_get(packed_head(&image) + 64 + 16, 8) + 3] ^= 0x40; /* the exponent of the first packed weight */
    write_image(&image, changed);
    got = loaded(changed, &o);
    assert_int_equal(got.in_file, got.convs);
    assert_true(memcmp(got.output, expected.output, sizeof got.output) != 0);
    o.flags |= WRN_LOAD_VERIFY;
    assert_fails(packed_load(changed, NULL, &o, &r, &test_error), WRN_E_CHECKSUM, "section 'packed'");
    o.flags = 0;
    got = loaded(changed, &o);
    assert_same(&got, &expected);
    image_free(&image);

    unlink(changed), unlink(path);
    free(changed), free(path);
}

static char said[256];
static void listen(void *user, int32_t level, const char *message)
{
    (void)user;
    if (level == 2) snprintf(said, sizeof said, "%s", message);
}

/* Models of one file are independent of each other and of the file's name. */
static void mapping_lives_with_the_model(void **state)
{
    (void)state;
    char *path = packed_file(plain, "auto", "packed.wrn");
    wrn_load_options o = WRN_LOAD_OPTIONS_INIT;
    wrn_model *first, *second;
    struct packed_result expected = loaded(plain, &o), a, b;
    o.flags = WRN_LOAD_MMAP;
    o.log = listen;
    o.log_level = 2;
    assert_ok(wrn_load(path, &o, &first, &test_error));
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%d of %d convolutions", expected.convs, expected.convs);
    assert_non_null(strstr(said, wanted));
    assert_ok(wrn_load(path, &o, &second, &test_error));
    assert_ok(wrn_convert(plain, path, NULL, &test_error)); /* replaced by rename */
    unlink(path);
    assert_ok(packed_run(first, &a, &test_error));
    wrn_free(first);
    assert_ok(packed_run(second, &b, &test_error));
    wrn_free(second);
    assert_true(a.in_file == a.convs && b.in_file == b.convs);
    assert_same(&a, &expected);
    assert_same(&b, &expected);
    free(path);
}

/* In memory at an odd address packed weights cannot be used; that is no error. */
static void odd_address(void **state)
{
    (void)state;
    char *path = packed_file(plain, "auto", "packed.wrn");
    struct image file = image_load(path), image = { malloc(file.size + 64), file.size };
    wrn_load_options o = WRN_LOAD_OPTIONS_INIT;
    struct packed_result expected = loaded(plain, &o), got;
    o.flags = WRN_LOAD_IN_PLACE;
    uint8_t *at = image.data + (uintptr_t)image.data % 64 % 2 + 1;
    if ((uintptr_t)at % 64 == 0) at++;
    memcpy(at, file.data, file.size);
    const struct image odd = { at, file.size };
    got = loaded_image(&odd, &o);
    assert_int_equal(got.in_file, 0);
    assert_same(&got, &expected);
    image_free(&image);
    image_free(&file);
    unlink(path);
    free(path);
}

static void assert_same_file(const char *a, const char *b)
{
    struct image x = image_load(a), y = image_load(b);
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, x.size);
    image_free(&x);
    image_free(&y);
}

/* Conversion: the same bytes each time, repetitions once, packed weights of the source dropped, mistakes named. */
static void conversion(void **state)
{
    (void)state;
    char *path = packed_file(plain, "c,f4,direct", "packed.wrn"), *again = packed_file(path, "c,direct,winograd4;c;c,f4", "again.wrn");
    assert_same_file(path, again);
    free(again);
    char *bare = packed_file(path, NULL, "bare.wrn"), *never = packed_file(plain, NULL, "never.wrn");
    assert_same_file(bare, never);
    unlink(again = temporary_path("again.wrn"));

    wrn_convert_options o = WRN_CONVERT_OPTIONS_INIT;
    o.pack = "c,f5";
    assert_fails(wrn_convert(plain, again, &o, &test_error), WRN_E_ARG, "option pack: there is no algorithm 'f5'");
    o.pack = "c;;c";
    assert_fails(wrn_convert(plain, again, &o, &test_error), WRN_E_ARG, "option pack: '' is not");
    o.pack = "sse";
    assert_fails(wrn_convert(plain, again, &o, &test_error), WRN_E_ARG, "option pack: 'sse' is not");
    o.pack = wrn_kernels_have(WRN_ISA_NEON) ? "avx2" : "neon";
    assert_fails(wrn_convert(plain, again, &o, &test_error), WRN_E_UNSUPPORTED, "option pack");
    o.pack = "c,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4,f4";
    assert_fails(wrn_convert(plain, again, &o, &test_error), WRN_E_LIMIT, "option pack");
    o.pack = "c";
    o.format = WRN_FORMAT_ONNX;
    assert_true(wrn_convert(plain, again, &o, &test_error) != WRN_OK);
    assert_int_equal(access(again, F_OK), -1);
    unlink(path), unlink(bare), unlink(never);
    free(path), free(bare), free(never), free(again);
}

/* Every algorithm has a place in the file: its key fits. */
static void short_names(void **state)
{
    (void)state;
    for (const struct wrn_conv_impl *const *impl = wrn_conv_impls; *impl; impl++) {
        char name[WRN_CONV_SHORT_NAME];
        wrn_conv_short_name(*impl, name);
        assert_in_range(strlen("avx512/") + strlen(name), 1, 16);
        assert_ptr_equal(wrn_conv_find(name), *impl);
        assert_ptr_equal(wrn_conv_find((*impl)->name), *impl);
    }
}

static int set_up(void **state)
{
    (void)state;
    plain = packed_plain_file();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(plain);
    free(plain);
    return temporary_cleanup();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_found), cmocka_unit_test(other_options), cmocka_unit_test(memory_limits),
        cmocka_unit_test(made_from_something_else), cmocka_unit_test(changed_bytes), cmocka_unit_test(mapping_lives_with_the_model),
        cmocka_unit_test(odd_address), cmocka_unit_test(conversion), cmocka_unit_test(short_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
