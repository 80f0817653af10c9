/* SPDX-License-Identifier: Apache-2.0 */
#include "base/half.h"

#include <string.h>

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* With masks instead of branches, so that compilers make vectors of the loop below. A half below 2^-14 counts units of
 * 2^-24, the last bit of 0.5: taking 0.5 off again is exact, and no denormal float comes up. */
static inline float widen(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, magnitude = half & 0x7fff;
    uint32_t is_small = 0u - (magnitude < 0x400), is_special = 0u - (magnitude >= 0x7c00); /* infinity or NaN */
    uint32_t small = bits_of(float_of(0x3f000000 | magnitude) - 0.5f) & 0x7fffffff;
    uint32_t normal = ((magnitude << 13) + ((127 - 15) << 23)) | (is_special & 0x7f800000);
    return float_of(sign | (small & is_small) | (normal & ~is_small));
}

float wrn_half_to_float(uint16_t half) { return widen(half); }

uint16_t wrn_float_to_half(float value)
{
    uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x3ff)); /* quiet NaN */
    if (magnitude >= 0x477ff000) return (uint16_t)(sign | 0x7c00); /* 65520 and more round to infinity */
    if (magnitude < 0x33000000) return (uint16_t)sign;             /* below half the least denormal, 2^-25 */
    uint32_t mantissa, drop; /* the lowest `drop` bits of the mantissa are rounded off */
    if (magnitude >= 0x38800000) { /* 2^-14: a normal half */
        mantissa = magnitude - (uint32_t)((127 - 15) << 23);
        drop = 13;
    } else {
        mantissa = (magnitude & 0x7fffff) | 0x800000;
        drop = 126 - (magnitude >> 23);
    }
    uint32_t rest = mantissa & ((1u << drop) - 1), middle = 1u << (drop - 1);
    uint32_t half = mantissa >> drop;
    half += rest > middle || (rest == middle && (half & 1));
    return (uint16_t)(sign | half);
}

void wrn_halfs_to_floats(float *to, const uint16_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++) to[i] = widen(from[i]);
}
