/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/importer.h"

/* ONNX has no magic number, so it stands last. */
const struct wrn_importer *const wrn_importers[] = {
    &wrn_importer_wrn,
#if defined(WRN_HAVE_ONNX)
    &wrn_importer_onnx,
#endif
    NULL,
};
