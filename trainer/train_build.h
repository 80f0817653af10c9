/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_BUILD_H
#define WRN_TRAIN_BUILD_H
/* The list of operators as it is written: what train_build.c gives to the families' files. Operators stand in execution order;
 * their parameters follow them in that order. */
#include "train_net.h"

struct wrnt_conv_shape {
    int32_t in, residual, k, kernel, stride; /* tensors; residual -1: none */
};

struct wrnt_bn_shape {
    int32_t in, residual;
    bool relu;
    double dropout;
};

/* Each adds an operator and the tensor that it writes, whose number goes to *out. */
wrn_status wrnt_add_conv(struct wrnt_net *net, const char *name, struct wrnt_conv_shape shape, int32_t *out, wrn_error *error);
wrn_status wrnt_add_bn(struct wrnt_net *net, const char *name, struct wrnt_bn_shape shape, int32_t *out, wrn_error *error);
wrn_status wrnt_add_max_pool(struct wrnt_net *net, const char *name, int32_t in, int32_t *out, wrn_error *error);

/* All operators from tensor 0 to the activation *out that the mean is taken of. */
wrn_status wrnt_build_cifar(struct wrnt_net *net, int32_t *out, wrn_error *error);
wrn_status wrnt_build_imagenet(struct wrnt_net *net, int32_t *out, wrn_error *error);

#endif
