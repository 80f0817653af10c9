/* SPDX-License-Identifier: Apache-2.0 */
/* Half floats, the reader, digests, structures that grow. */
#include "test.h"

#include "base/digest.h"
#include "base/half.h"
#include "base/options.h"
#include "base/reader.h"

#include <float.h>
#include <math.h>

/* The value of a half by its definition; not for infinities and NaN. */
static double half_value(uint16_t half)
{
    int exponent = half >> 10 & 31, mantissa = half & 1023;
    double value = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
    return half & 0x8000 ? -value : value;
}

static void every_half_goes_both_ways(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        float f = wrn_half_to_float((uint16_t)h);
        if ((h & 0x7c00) != 0x7c00) assert_true(f == (float)half_value((uint16_t)h) && !signbit(f) == !(h & 0x8000));
        else if (h & 0x3ff) assert_true(isnan(f));
        else assert_true(isinf(f) && !signbit(f) == !(h & 0x8000));
        if (!isnan(f)) assert_int_equal(wrn_float_to_half(f), h);
        else assert_true(isnan(wrn_half_to_float(wrn_float_to_half(f))));
    }
    uint16_t from[3] = { 0x3c00, 0xc000, 0x0001 };
    float to[3];
    wrn_halfs_to_floats(to, from, 3);
    assert_true(to[0] == 1 && to[1] == -2 && to[2] == ldexpf(1, -24));
}

static void halves_round_to_nearest_even(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x7bff; h++) {
        double low = half_value((uint16_t)h), high = half_value((uint16_t)(h + 1));
        float middle = (float)((low + high) / 2); /* exact: one bit more */
        assert_int_equal(wrn_float_to_half(middle), h + (h & 1));
        assert_int_equal(wrn_float_to_half(nextafterf(middle, 0)), h);
        assert_int_equal(wrn_float_to_half(nextafterf(middle, INFINITY)), h + 1);
        assert_int_equal(wrn_float_to_half(-middle), (h + (h & 1)) | 0x8000);
    }
    assert_int_equal(wrn_float_to_half(65504), 0x7bff);
    assert_int_equal(wrn_float_to_half(nextafterf(65520, 0)), 0x7bff);
    assert_int_equal(wrn_float_to_half(65520), 0x7c00);
    assert_int_equal(wrn_float_to_half(-FLT_MAX), 0xfc00);
    assert_int_equal(wrn_float_to_half(FLT_MIN), 0);
}

static void reader_stays_in_bounds(void **state)
{
    static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0, 9 };
    (void)state;
    struct wrn_reader r = wrn_reader_make(bytes, sizeof bytes);
    assert_int_equal(wrn_read_u8(&r), 1);
    assert_int_equal(wrn_read_u16(&r), 0x0302);
    assert_int_equal(wrn_read_u8(&r), 4);
    assert_int_equal(wrn_read_u32(&r), 0x08070605);
    assert_true(wrn_read_f32(&r) == 1.0f);
    assert_true(wrn_read_f64(&r) == -2.0);
    assert_int_equal(wrn_reader_left(&r), 1);
    assert_null(wrn_read_bytes(&r, SIZE_MAX));
    assert_true(r.failed);
    assert_int_equal(wrn_read_u8(&r), 0); /* it stays failed */
    assert_int_equal(wrn_reader_left(&r), 0);

    r = wrn_reader_make(bytes, 8);
    assert_true(wrn_read_u64(&r) == 0x0807060504030201u);
    assert_non_null(wrn_read_bytes(&r, 0));
    assert_false(r.failed);
    assert_int_equal(wrn_read_u16(&r), 0);
    assert_true(r.failed);

    r = wrn_reader_make(NULL, 0);
    assert_int_equal(wrn_read_u32(&r), 0);
    assert_true(r.failed);
}

static void crc32c_of_rfc_3720(void **state)
{
    (void)state;
    uint8_t data[32] = { 0 };
    assert_int_equal(wrn_crc32c(0, data, 32), 0x8a9136aa);
    memset(data, 0xff, 32);
    assert_int_equal(wrn_crc32c(0, data, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++) data[i] = (uint8_t)i;
    assert_int_equal(wrn_crc32c(0, data, 32), 0x46dd794e);
    assert_int_equal(wrn_crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(wrn_crc32c(0, NULL, 0), 0);
}

static void crc32c_of_pieces(void **state)
{
    (void)state;
    uint8_t data[9999];
    uint32_t bytewise = 0;
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * i * 31 >> 3);
    for (size_t i = 0; i < sizeof data; i++) bytewise = wrn_crc32c(bytewise, data + i, 1);
    assert_int_equal(wrn_crc32c(0, data, sizeof data), bytewise);
    assert_int_equal(wrn_crc32c(wrn_crc32c(0, data, 5001), data + 5001, sizeof data - 5001), bytewise);
}

static void sha256_of_fips_180(void **state)
{
    (void)state;
    char hex[65];
    wrn_sha256_hex(NULL, 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    wrn_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    wrn_sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    wrn_sha256_hex(million, 1000000, hex);
    free(million);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Three versions of a structure: what an old, the current and a future caller were compiled with. */
struct first {
    uint32_t struct_size;
    int32_t a;
};
struct current {
    uint32_t struct_size;
    int32_t a, b;
};
struct future {
    uint32_t struct_size;
    int32_t a, b, c;
};

static wrn_status copy(struct current *ours, const void *theirs)
{
    return wrn_options_copy(ours, sizeof *ours, sizeof(struct first), theirs, "wrn_load_options", &test_error);
}

static void options_of_every_version(void **state)
{
    (void)state;
    struct first old = { sizeof old, 1 };
    struct current same = { sizeof same, 1, 2 }, ours;
    struct future new = { sizeof new, 1, 2, 0 };
    assert_ok(copy(&ours, &old));
    assert_true(ours.a == 1 && ours.b == 0 && ours.struct_size == sizeof ours);
    assert_ok(copy(&ours, &same));
    assert_true(ours.a == 1 && ours.b == 2);
    assert_ok(copy(&ours, &new));
    assert_true(ours.a == 1 && ours.b == 2 && ours.struct_size == sizeof ours);
    assert_ok(copy(&ours, NULL));
    assert_true(ours.a == 0 && ours.b == 0 && ours.struct_size == sizeof ours);
    new.c = 1;
    assert_fails(copy(&ours, &new), WRN_E_UNSUPPORTED, "wrn_load_options: byte 12");
    old.struct_size = 4;
    assert_fails(copy(&ours, &old), WRN_E_ARG, "struct_size");
    old.struct_size = 0;
    assert_fails(copy(&ours, &old), WRN_E_ARG, "struct_size");
    old.struct_size = 0xcccccccc;
    assert_fails(copy(&ours, &old), WRN_E_ARG, "not initialized");
}

static wrn_status fill(void *theirs, const struct current *ours)
{
    return wrn_options_fill(theirs, ours, sizeof *ours, sizeof(struct first), "wrn_model_info", &test_error);
}

static void outputs_of_every_version(void **state)
{
    (void)state;
    const struct current ours = { sizeof ours, 1, 2 };
    struct { struct first info; int32_t guard; } old = { { sizeof old.info, 9 }, 77 };
    struct future new = { sizeof new, 9, 9, 9 };
    assert_ok(fill(&old, &ours));
    assert_true(old.info.a == 1 && old.guard == 77 && old.info.struct_size == sizeof old.info);
    assert_ok(fill(&new, &ours));
    assert_true(new.a == 1 && new.b == 2 && new.c == 0 && new.struct_size == sizeof new);
    assert_fails(fill(NULL, &ours), WRN_E_ARG, "NULL");
    old.info.struct_size = 3;
    assert_fails(fill(&old, &ours), WRN_E_ARG, "wrn_model_info");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_goes_both_ways), cmocka_unit_test(halves_round_to_nearest_even),
        cmocka_unit_test(reader_stays_in_bounds),    cmocka_unit_test(crc32c_of_rfc_3720),
        cmocka_unit_test(crc32c_of_pieces),          cmocka_unit_test(sha256_of_fips_180),
        cmocka_unit_test(options_of_every_version),  cmocka_unit_test(outputs_of_every_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
