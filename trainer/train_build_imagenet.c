/* SPDX-License-Identifier: Apache-2.0 */
/* The ImageNet family: ResNets as torchvision has them, and their operators named as there, so that parameters have the names of
 * its state dictionaries. */
#include "train_build.h"

#include <stdio.h>

/* x → conv → BN, ReLU, dropout → conv … BN + x, or + BN of a 1 x 1 convolution of x, → ReLU. The shortcut comes first: on the way
 * back the others then have written x's whole gradient, and the strided 1 x 1 convolution adds to a fourth of it. */
static wrn_status add_block(struct wrnt_net *net, int32_t stage, int32_t block, int32_t *x, wrn_error *error)
{
    const struct wrnt_arch *a = &net->arch;
    int32_t width = a->widths[stage], stride = stage > 0 && block == 0 ? 2 : 1, shortcut = *x, at = *x;
    char prefix[32], name[48];
    snprintf(prefix, sizeof prefix, "layer%d.%d", stage + 1, block);
    if (net->tensors[*x].layout.c != width || stride != 1) {
        snprintf(name, sizeof name, "%s.downsample.0", prefix);
        WRN_TRY(wrnt_add_conv(net, name, (struct wrnt_conv_shape){ *x, -1, width, 1, stride }, &shortcut, error));
        snprintf(name, sizeof name, "%s.downsample.1", prefix);
        WRN_TRY(wrnt_add_bn(net, name, (struct wrnt_bn_shape){ shortcut, -1, false, 0 }, &shortcut, error));
    }
    for (int32_t i = 0; i < a->kernel_count; i++) {
        bool last = i == a->kernel_count - 1;
        snprintf(name, sizeof name, "%s.conv%d", prefix, i + 1);
        struct wrnt_conv_shape g = { at, -1, last ? width : a->inner[stage], a->kernels[i], i == a->strided ? stride : 1 };
        WRN_TRY(wrnt_add_conv(net, name, g, &at, error));
        snprintf(name, sizeof name, "%s.bn%d", prefix, i + 1);
        WRN_TRY(wrnt_add_bn(net, name, (struct wrnt_bn_shape){ at, last ? shortcut : -1, true, last ? 0 : a->dropout }, &at, error));
    }
    *x = at;
    return WRN_OK;
}

wrn_status wrnt_build_imagenet(struct wrnt_net *net, int32_t *out, wrn_error *error)
{
    int32_t x;
    WRN_TRY(wrnt_add_conv(net, "conv1", (struct wrnt_conv_shape){ 0, -1, net->arch.stem, 7, 2 }, &x, error));
    WRN_TRY(wrnt_add_bn(net, "bn1", (struct wrnt_bn_shape){ x, -1, true, 0 }, &x, error));
    WRN_TRY(wrnt_add_max_pool(net, "maxpool", x, &x, error));
    for (int32_t s = 0; s < net->arch.stages; s++)
        for (int32_t b = 0; b < net->arch.blocks[s]; b++) WRN_TRY(add_block(net, s, b, &x, error));
    *out = x;
    return WRN_OK;
}
