/* SPDX-License-Identifier: Apache-2.0 */
#include "base/half.h"

#include <string.h>

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float wrn_half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = (half >> 10) & 31, mantissa = half & 0x3ff;
    if (exponent == 31) return float_of(sign | 0x7f800000 | mantissa << 13);
    if (exponent > 0) return float_of(sign | (exponent + 127 - 15) << 23 | mantissa << 13);
    if (mantissa == 0) return float_of(sign);
    /* Denormal halves are normal floats: shift until the leading one falls out. */
    exponent = 127 - 15 + 1;
    while (!(mantissa & 0x400)) mantissa <<= 1, exponent--;
    return float_of(sign | exponent << 23 | (mantissa & 0x3ff) << 13);
}

uint16_t wrn_float_to_half(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
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
    for (size_t i = 0; i < count; i++) to[i] = wrn_half_to_float(from[i]);
}
