/* SPDX-License-Identifier: Apache-2.0 */
/* The CIFAR family: pre-activation blocks. */
#include "train_build.h"

#include <stdio.h>

/* x → BN, ReLU → conv → BN, ReLU, dropout → conv … + x, or + a 1 x 1 convolution of the first activation. */
static wrn_status add_block(struct wrnt_net *net, int32_t stage, int32_t block, int32_t *x, wrn_error *error)
{
    const struct wrnt_arch *a = &net->arch;
    int32_t width = a->widths[stage], stride = stage > 0 && block == 0 ? 2 : 1, in = *x, shortcut = in, at = in;
    bool project = net->tensors[in].layout.c != width || stride != 1;
    for (int32_t i = 0; i < a->kernel_count; i++) {
        char name[32];
        bool last = i == a->kernel_count - 1;
        snprintf(name, sizeof name, "stage%d.%d.bn%d", stage + 1, block, i + 1);
        WRN_TRY(wrnt_add_bn(net, name, (struct wrnt_bn_shape){ at, -1, true, i > 0 ? a->dropout : 0 }, &at, error));
        if (i == 0 && project) {
            snprintf(name, sizeof name, "stage%d.%d.shortcut", stage + 1, block);
            WRN_TRY(wrnt_add_conv(net, name, (struct wrnt_conv_shape){ at, -1, width, 1, stride }, &shortcut, error));
        }
        snprintf(name, sizeof name, "stage%d.%d.conv%d", stage + 1, block, i + 1);
        struct wrnt_conv_shape g = { at, last ? shortcut : -1, last ? width : a->inner[stage], a->kernels[i], i == a->strided ? stride : 1 };
        WRN_TRY(wrnt_add_conv(net, name, g, &at, error));
    }
    *x = at;
    return WRN_OK;
}

wrn_status wrnt_build_cifar(struct wrnt_net *net, int32_t *out, wrn_error *error)
{
    int32_t x;
    WRN_TRY(wrnt_add_conv(net, "conv1", (struct wrnt_conv_shape){ 0, -1, net->arch.stem, 3, 1 }, &x, error));
    for (int32_t s = 0; s < net->arch.stages; s++)
        for (int32_t b = 0; b < net->arch.blocks[s]; b++) WRN_TRY(add_block(net, s, b, &x, error));
    return wrnt_add_bn(net, "bn", (struct wrnt_bn_shape){ x, -1, true, 0 }, out, error);
}
