/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_INITIAL_H
#define WRN_TRAIN_INITIAL_H
/* A model file whose weights a run begins with. */
#include "train_net.h"

/* Of the file's bytes: runs that begin with other weights are other runs. */
wrn_status wrnt_initial_checksum(const char *path, uint32_t *checksum, wrn_error *error);

/* Parameters and running statistics by their names; WRN_E_NOTFOUND and WRN_E_SHAPE tell of the first that is missing or has
 * another shape. The linear layer stays as it is where the model has another number of classes: *new_classifier. A plan, which
 * has no weights, is only checked against the file. */
wrn_status wrnt_initial_load(struct wrnt_net *net, const char *path, bool *new_classifier, wrn_error *error);

#endif
