/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_EXPORT_H
#define WRN_TRAIN_EXPORT_H
/* What was trained, as the runtime's graph and its files. */
#include "train_data.h"
#include "train_net.h"

struct wrnt_export {
    const struct wrnt_net *net;       /* the operators */
    const float *values, *statistics; /* the numbers: the net's own, or averages of them */
    const struct wrnt_data *data;
    const wrn_preprocess *preprocess;
    const char *training;  /* property: how it was trained */
    double accuracy;       /* 0 to 1; below 0: not known */
};

/* Writes a .wrn file; with `onnx`, an .onnx file, which fails with WRN_E_UNSUPPORTED where the library has no writer. */
wrn_status wrnt_export_write(const struct wrnt_export *what, const char *path, bool onnx, wrn_error *error);

/* Loads a model file as any program would, and counts the test images that it recognizes; images are loaded on the pool. */
wrn_status wrnt_evaluate(const char *path, const struct wrnt_data *data, struct wrn_pool *pool, int32_t isa, int32_t *correct, wrn_error *error);

#endif
