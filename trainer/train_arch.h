/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_ARCH_H
#define WRN_TRAIN_ARCH_H
/* Which network: the paper's parameters, checked, and what follows from them. */
#include "wrn_train.h"

#include <stdbool.h>

#define WRNT_MAX_BLOCK 8 /* convolutions of a block */
#define WRNT_MAX_STAGES 4
#define WRNT_MIN_SIDE 8  /* of the input, in pixels: the CIFAR family's last maps have 2 then */
#define WRNT_MAX_SIDE 1024

struct wrnt_arch {
    int32_t family;             /* WRN_TRAIN_FAMILY_... */
    int32_t depth, classes, channels, height, width; /* of the input: channels, height, width */
    double k, dropout;
    int32_t kernels[WRNT_MAX_BLOCK], kernel_count; /* B(…) */
    int32_t strided;            /* which convolution of a stage's first block halves the map: the first 3 x 3 */
    int32_t bottleneck;         /* CIFAR family: as in wrn_train_network, at least 1 */
    int32_t stem;               /* channels of the first convolution */
    int32_t stages, blocks[WRNT_MAX_STAGES];
    int32_t widths[WRNT_MAX_STAGES]; /* channels of the blocks' last convolutions */
    int32_t inner[WRNT_MAX_STAGES];  /* and of their others */
};

/* Fails with WRN_E_ARG, naming the option, for what is no network of the family. */
wrn_status wrnt_arch_make(const wrn_train_network *network, int32_t classes, struct wrnt_arch *arch, wrn_error *error);

#endif
