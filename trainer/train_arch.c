/* SPDX-License-Identifier: Apache-2.0 */
#include "train_arch.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

#define MAX_DEPTH 10000
#define MAX_WIDTH 16384.0

/* "3,3" and the paper's "B(3,3)". */
static wrn_status parse_block(const char *text, struct wrnt_arch *a, wrn_error *error)
{
    const char *c = text;
    bool wrapped = strncmp(c, "B(", 2) == 0, ended = false;
    if (wrapped) c += 2;
    for (a->kernel_count = 0; !ended && a->kernel_count < WRNT_MAX_BLOCK && (*c == '1' || *c == '3'); c++) {
        a->kernels[a->kernel_count++] = *c - '0';
        ended = c[1] != ',';
        if (!ended) c++;
    }
    if (!ended || strcmp(c, wrapped ? ")" : "") != 0)
        return wrn_fail(error, WRN_E_ARG, "option block: '%.*s' is not a list of up to %d kernel sizes 1 or 3, such as 3,3", WRN_NAME_MAX, text,
                        WRNT_MAX_BLOCK);
    return WRN_OK;
}

static wrn_status find_blocks(const wrn_train_network *n, struct wrnt_arch *a, wrn_error *error)
{
    int32_t others = a->bottleneck > 1 ? 2 : 4, convs = a->stages * a->kernel_count;
    if (n->depth < 0 || n->depth > MAX_DEPTH || n->blocks < 0 || n->blocks > MAX_DEPTH)
        return wrn_fail(error, WRN_E_ARG, "option %s is not in 0 to %d", n->depth < 0 || n->depth > MAX_DEPTH ? "depth" : "blocks", MAX_DEPTH);
    int32_t blocks = n->blocks ? n->blocks : (n->depth - others) / convs;
    a->depth = blocks * convs + others;
    if (blocks < 1 || (n->depth && n->depth != a->depth)) {
        return wrn_fail(error, WRN_E_ARG, "option depth: %d is not %d + %d for each block of a stage, as %d, %d, %d", n->depth, others, convs,
                        others + convs, others + 2 * convs, others + 3 * convs);
    }
    for (int32_t s = 0; s < a->stages; s++) a->blocks[s] = blocks;
    return WRN_OK;
}

/* A number of channels, times what a block's last convolution is wider. */
static wrn_status widen(double channels, int32_t times, int32_t *width, wrn_error *error)
{
    channels = round(channels);
    if (channels < 1 || channels * times > MAX_WIDTH)
        return wrn_fail(error, WRN_E_ARG, "option k: it makes a stage of %g channels, which is not in 1 to %g", channels * times, MAX_WIDTH);
    *width = (int32_t)channels;
    return WRN_OK;
}

static wrn_status make_cifar(const wrn_train_network *n, struct wrnt_arch *a, wrn_error *error)
{
    a->stages = 3;
    a->stem = 16;
    a->bottleneck = n->bottleneck > 1 ? n->bottleneck : 1;
    WRN_TRY(parse_block(n->block ? n->block : "3,3", a, error));
    WRN_TRY(find_blocks(n, a, error));
    for (int32_t s = 0; s < a->stages; s++) {
        WRN_TRY(widen((16 << s) * n->k, a->bottleneck, &a->inner[s], error));
        a->widths[s] = a->inner[s] * a->bottleneck;
    }
    return WRN_OK;
}

/* ResNet-18 and -34 with all their channels times k; ResNet-50 and -101 with those of the 3 x 3 convolutions, and of the
 * 1 x 1 before them, times k. */
static wrn_status make_imagenet(const wrn_train_network *n, struct wrnt_arch *a, wrn_error *error)
{
    static const struct { int32_t depth; bool bottleneck; int32_t blocks[WRNT_MAX_STAGES]; } resnets[] = {
        { 18, false, { 2, 2, 2, 2 } }, { 34, false, { 3, 4, 6, 3 } }, { 50, true, { 3, 4, 6, 3 } }, { 101, true, { 3, 4, 23, 3 } },
    };
    size_t which = 0, known = sizeof resnets / sizeof resnets[0];
    while (which < known && resnets[which].depth != n->depth) which++;
    if (which == known) return wrn_fail(error, WRN_E_ARG, "option depth: %d is not 18, 34, 50 or 101, which the ImageNet family has", n->depth);
    if (n->block || n->blocks || n->bottleneck)
        return wrn_fail(error, WRN_E_ARG, "option %s: blocks of the ImageNet family follow from the depth",
                        n->block ? "block" : n->blocks ? "blocks" : "bottleneck");
    bool bottleneck = resnets[which].bottleneck;
    a->depth = n->depth;
    a->stages = WRNT_MAX_STAGES;
    a->bottleneck = 1;
    WRN_TRY(parse_block(bottleneck ? "1,3,1" : "3,3", a, error));
    for (int32_t s = 0; s < a->stages; s++) {
        a->blocks[s] = resnets[which].blocks[s];
        WRN_TRY(widen((64 << s) * n->k, 1, &a->inner[s], error));
        a->widths[s] = bottleneck ? 256 << s : a->inner[s];
    }
    a->stem = bottleneck ? 64 : a->inner[0];
    return WRN_OK;
}

wrn_status wrnt_arch_make(const wrn_train_network *n, int32_t classes, struct wrnt_arch *a, wrn_error *error)
{
    bool imagenet = n->family == WRN_TRAIN_FAMILY_IMAGENET;
    memset(a, 0, sizeof *a);
    if (classes < 1 || classes > 65536) return wrn_fail(error, WRN_E_ARG, "argument classes: %d is not in 1 to 65536", classes);
    if (!imagenet && n->family != WRN_TRAIN_FAMILY_CIFAR) return wrn_fail(error, WRN_E_UNSUPPORTED, "option family: %d is of a newer version", n->family);
    if (!(n->k > 0) || 64 * n->k > MAX_WIDTH) return wrn_fail(error, WRN_E_ARG, "option k: %g is not above 0 and at most %g", n->k, MAX_WIDTH / 64);
    if (!(n->dropout >= 0 && n->dropout < 1)) return wrn_fail(error, WRN_E_ARG, "option dropout: %g is not in 0 to below 1", n->dropout);
    if (n->bottleneck < 0 || n->bottleneck > 16) return wrn_fail(error, WRN_E_ARG, "option bottleneck: %d is not in 0 to 16", n->bottleneck);
    if (n->size != 0 && (n->size < WRNT_MIN_SIDE || n->size > WRNT_MAX_SIDE))
        return wrn_fail(error, WRN_E_ARG, "option size: %d is not in %d to %d", n->size, WRNT_MIN_SIDE, WRNT_MAX_SIDE);
    for (size_t i = 0; i < sizeof n->reserved / sizeof n->reserved[0]; i++)
        if (n->reserved[i]) return wrn_fail(error, WRN_E_UNSUPPORTED, "wrn_train_network: reserved is not 0");
    a->family = n->family;
    a->classes = classes;
    a->channels = 3;
    a->height = a->width = n->size ? n->size : imagenet ? 224 : 32;
    a->k = n->k;
    a->dropout = n->dropout;
    WRN_TRY(imagenet ? make_imagenet(n, a, error) : make_cifar(n, a, error));
    while (a->strided < a->kernel_count && a->kernels[a->strided] != 3) a->strided++;
    if (a->strided == a->kernel_count) a->strided = 0;
    return WRN_OK;
}
