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
    int32_t others = a->bottleneck > 1 ? 2 : 4, convs = WRNT_STAGES * a->kernel_count;
    if (n->depth < 0 || n->depth > MAX_DEPTH || n->blocks < 0 || n->blocks > MAX_DEPTH)
        return wrn_fail(error, WRN_E_ARG, "option %s is not in 0 to %d", n->depth < 0 || n->depth > MAX_DEPTH ? "depth" : "blocks", MAX_DEPTH);
    a->blocks = n->blocks ? n->blocks : (n->depth - others) / convs;
    a->depth = a->blocks * convs + others;
    if (a->blocks < 1 || (n->depth && n->depth != a->depth)) {
        return wrn_fail(error, WRN_E_ARG, "option depth: %d is not %d + %d for each block of a stage, as %d, %d, %d", n->depth, others, convs,
                        others + convs, others + 2 * convs, others + 3 * convs);
    }
    return WRN_OK;
}

wrn_status wrnt_arch_make(const wrn_train_network *n, int32_t classes, struct wrnt_arch *a, wrn_error *error)
{
    memset(a, 0, sizeof *a);
    if (classes < 1 || classes > 65536) return wrn_fail(error, WRN_E_ARG, "argument classes: %d is not in 1 to 65536", classes);
    if (!(n->k > 0) || 64 * n->k > MAX_WIDTH) return wrn_fail(error, WRN_E_ARG, "option k: %g is not above 0 and at most %g", n->k, MAX_WIDTH / 64);
    if (!(n->dropout >= 0 && n->dropout < 1)) return wrn_fail(error, WRN_E_ARG, "option dropout: %g is not in 0 to below 1", n->dropout);
    if (n->bottleneck < 0 || n->bottleneck > 16) return wrn_fail(error, WRN_E_ARG, "option bottleneck: %d is not in 0 to 16", n->bottleneck);
    if (n->family != WRN_TRAIN_FAMILY_CIFAR) return wrn_fail(error, WRN_E_UNSUPPORTED, "option family: %d is of a newer version", n->family);
    if (n->size != 0 && (n->size < WRNT_MIN_SIDE || n->size > WRNT_MAX_SIDE))
        return wrn_fail(error, WRN_E_ARG, "option size: %d is not in %d to %d", n->size, WRNT_MIN_SIDE, WRNT_MAX_SIDE);
    for (size_t i = 0; i < sizeof n->reserved / sizeof n->reserved[0]; i++)
        if (n->reserved[i]) return wrn_fail(error, WRN_E_UNSUPPORTED, "wrn_train_network: reserved is not 0");
    a->classes = classes;
    a->channels = 3;
    a->height = a->width = n->size ? n->size : 32;
    a->k = n->k;
    a->dropout = n->dropout;
    a->bottleneck = n->bottleneck > 1 ? n->bottleneck : 1;
    WRN_TRY(parse_block(n->block ? n->block : "3,3", a, error));
    WRN_TRY(find_blocks(n, a, error));
    while (a->strided < a->kernel_count && a->kernels[a->strided] != 3) a->strided++;
    if (a->strided == a->kernel_count) a->strided = 0;
    for (int32_t s = 0; s < WRNT_STAGES; s++) {
        double width = round((double)(16 << s) * n->k);
        if (width < 1 || width * a->bottleneck > MAX_WIDTH)
            return wrn_fail(error, WRN_E_ARG, "option k: %g makes a stage of %g channels", n->k, width * a->bottleneck);
        a->widths[s] = (int32_t)width * a->bottleneck;
    }
    return WRN_OK;
}
