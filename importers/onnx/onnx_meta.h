/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_ONNX_META_H
#define WRN_ONNX_META_H
/*
 * What .wrn carries and ONNX has no place for travels in the model's metadata_props, so that .wrn → .onnx → .wrn loses
 * nothing and other runtimes ignore it:
 *   wrn.preprocess   "resize=2 filter=1 resize_height=256 … scale_to=1 mean=0.485,0.456,0.406,0 std=…"
 *   wrn.labels       one label a line; "\n" and "\\" inside a label are escaped with a backslash
 *   wrn.KEY          the property KEY
 */
#include "graph/graph.h"

/* Called with each entry; stops at the first failure. */
typedef wrn_status (*wrn_onnx_meta_put)(void *arg, const char *key, const char *value, wrn_error *error);
wrn_status wrn_onnx_meta_write(const struct wrn_graph *graph, wrn_onnx_meta_put put, void *arg, wrn_error *error);

/* One entry of a file; keys without the prefix are not ours and are ignored. */
wrn_status wrn_onnx_meta_read(struct wrn_graph *graph, const char *key, const char *value, wrn_error *error);

#endif
