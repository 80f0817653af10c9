/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_ONNX_BUDGET_H
#define WRN_ONNX_BUDGET_H
/* protobuf-c's allocator: the host's hooks with a limit on the bytes that unpacking may take. */
#include "base/alloc.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

struct wrn_onnx_budget {
    ProtobufCAllocator allocator; /* its allocator_data is this structure: do not move it */
    struct wrn_alloc alloc;
    size_t left;
    bool exceeded, failed; /* why an allocation was refused: the limit; the host */
};

void wrn_onnx_budget_init(struct wrn_onnx_budget *budget, const struct wrn_alloc *alloc, size_t limit);

#endif
