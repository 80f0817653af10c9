/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/budget.h"

/* Only allocations count against the limit: what unpacking frees in between is little. */
static void *take(void *user, size_t size)
{
    struct wrn_onnx_budget *b = user;
    if (size > b->left) {
        b->exceeded = true;
        return NULL;
    }
    void *memory = wrn_mem_alloc(&b->alloc, size, 1);
    if (memory)
        b->left -= size;
    else
        b->failed = true;
    return memory;
}

static void give_back(void *user, void *memory)
{
    struct wrn_onnx_budget *b = user;
    wrn_mem_free(&b->alloc, memory);
}

void wrn_onnx_budget_init(struct wrn_onnx_budget *b, const struct wrn_alloc *alloc, size_t limit)
{
    *b = (struct wrn_onnx_budget){ .allocator = { .alloc = take, .free = give_back, .allocator_data = b },
                                   .alloc = *alloc,
                                   .left = limit };
}
