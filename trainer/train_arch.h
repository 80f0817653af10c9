/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_ARCH_H
#define WRN_TRAIN_ARCH_H
/* Which network: the paper's parameters, checked, and what follows from them. */
#include "wrn_train.h"

#include <stdbool.h>

#define WRNT_MAX_BLOCK 8 /* convolutions of a block */
#define WRNT_STAGES 3
#define WRNT_MIN_SIDE 8  /* of the input, in pixels: the last stage's maps have 2 then */
#define WRNT_MAX_SIDE 1024

struct wrnt_arch {
    int32_t depth, classes, channels, height, width; /* of the input: channels, height, width */
    double k, dropout;
    int32_t kernels[WRNT_MAX_BLOCK], kernel_count; /* B(…) */
    int32_t strided;            /* which convolution of a stage's first block halves the map: the first 3 x 3 */
    int32_t bottleneck;         /* a block's last convolution is so many times wider than the others; 1: not */
    int32_t blocks;             /* per stage */
    int32_t widths[WRNT_STAGES]; /* of the blocks' outputs */
};

/* Fails with WRN_E_ARG, naming the option, for what is no network of the family. */
wrn_status wrnt_arch_make(const wrn_train_network *network, int32_t classes, struct wrnt_arch *arch, wrn_error *error);

#endif
