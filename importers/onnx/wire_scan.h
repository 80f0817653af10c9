/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_ONNX_WIRE_SCAN_H
#define WRN_ONNX_WIRE_SCAN_H
/*
 * What stands between a file and protobuf-c. The scan walks the wire format without recursion and refuses whatever
 * protobuf-c is careless with: deep nesting, numbers of elements beyond any real model's, single messages that come
 * twice, strings with a NUL. It then copies the declared fields into a skeleton, with the elements of tensors replaced
 * by their place in the file, so protobuf-c unpacks kilobytes where the file has hundreds of megabytes.
 */
#include "base/alloc.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define WRN_ONNX_MAX_DEPTH 16

/* *skeleton is to be freed with wrn_mem_free. Errors: WRN_E_FORMAT for damaged bytes, WRN_E_LIMIT for counts and depth,
 * naming the field and the byte offset. */
wrn_status wrn_onnx_scan(const struct wrn_alloc *alloc, const uint8_t *data, size_t size, uint8_t **skeleton,
                         size_t *skeleton_size, wrn_error *error);

/* Whether the bytes look like the beginning of an ONNX model: valid fields with the types that Model declares. */
bool wrn_onnx_looks_like_model(const uint8_t *data, size_t size);

/* One varint of at most ten bytes from *at; false if it is cut off or overlong. */
bool wrn_onnx_varint(const uint8_t *data, size_t size, size_t *at, uint64_t *value);

#endif
