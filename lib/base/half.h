/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_HALF_H
#define WRN_BASE_HALF_H
/* IEEE 754 binary16 <-> binary32, exact: the same on every CPU and in every rounding mode. */
#include <stddef.h>
#include <stdint.h>

float wrn_half_to_float(uint16_t half);
uint16_t wrn_float_to_half(float value); /* round to nearest even; beyond 65504 gives infinity */
void wrn_halfs_to_floats(float *to, const uint16_t *from, size_t count);

#endif
