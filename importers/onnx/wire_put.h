/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_ONNX_WIRE_PUT_H
#define WRN_ONNX_WIRE_PUT_H
/*
 * Writing protobuf's wire format into a growing buffer. A message inside a message is written into a buffer of its own
 * first, since its length stands before it. After the first failed allocation a buffer ignores everything and `failed`
 * is set, so callers check once.
 */
#include "base/alloc.h"
#include <stdbool.h>
#include <stdint.h>

struct wire_buffer {
    const struct wrn_alloc *alloc;
    uint8_t *data;
    size_t size, capacity;
    bool failed;
};

void wrn_wire_free(struct wire_buffer *b);
void wrn_wire_put_bytes(struct wire_buffer *b, const void *data, size_t size);
void wrn_wire_put_varint(struct wire_buffer *b, uint64_t value);
/* Fields: number, then the value with its wire type. */
void wrn_wire_int(struct wire_buffer *b, uint32_t field, int64_t value);
void wrn_wire_float(struct wire_buffer *b, uint32_t field, float value);
void wrn_wire_string(struct wire_buffer *b, uint32_t field, const char *text);
/* The head of a length-delimited field whose `size` bytes follow. */
void wrn_wire_head(struct wire_buffer *b, uint32_t field, uint64_t size);
/* A message that was written into `inner`, which is emptied for the next one. */
void wrn_wire_message(struct wire_buffer *b, uint32_t field, struct wire_buffer *inner);

#endif
