/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_CONV_CONV_TILING_H
#define WRN_CONV_CONV_TILING_H
/* How a matrix product is cut into the register tiles of a kernel table. */
#include "kernels/kernels.h"

/* Costs are counted in cycles of a core that does one multiply-add of a vector in each: 3 GHz. They are compared with
 * each other only, so what matters is that all algorithms count alike. */
#define WRN_CONV_SECONDS_PER_STEP (1 / 3e9)

/* The most pixels of a tile of nv vectors. */
int32_t wrn_conv_tile_height(const struct wrn_kernels *k, int32_t nv);

/* Vectors of a block of output channels, for lines of `pixels` pixels and `vectors` vectors of channels in all. */
int32_t wrn_conv_choose_nv(const struct wrn_kernels *k, int64_t pixels, int32_t vectors);

#endif
