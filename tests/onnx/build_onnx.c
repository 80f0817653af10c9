/* SPDX-License-Identifier: Apache-2.0 */
#include "build_onnx.h"

#include <stdatomic.h>

struct onnx onnx_new(void)
{
    static struct wrn_alloc alloc;
    alloc = wrn_alloc_default();
    struct wire_buffer empty = { .alloc = &alloc };
    return (struct onnx){ empty, empty, empty, empty, empty, empty, empty, empty, 13 };
}

static void info(struct onnx *o, uint32_t field, const char *name, int rank, const int64_t *dims)
{
    for (int i = 0; i < rank; i++) { /* Shape in a, Dimension in b */
        if (dims[i])
            wrn_wire_int(&o->b, 1, dims[i]);
        else
            wrn_wire_string(&o->b, 2, "open");
        wrn_wire_message(&o->a, 1, &o->b);
    }
    wrn_wire_int(&o->b, 1, 1); /* TensorType: float */
    wrn_wire_message(&o->b, 2, &o->a);
    wrn_wire_message(&o->a, 1, &o->b);
    wrn_wire_string(&o->c, 1, name);
    wrn_wire_message(&o->c, 2, &o->a);
    wrn_wire_message(&o->graph, field, &o->c);
}

void onnx_input(struct onnx *o, const char *name, int rank, const int64_t *dims)
{
    onnx_node_end(o);
    info(o, 11, name, rank, dims);
}

void onnx_output(struct onnx *o, const char *name)
{
    onnx_node_end(o);
    info(o, 12, name, 0, NULL);
}

/* ---- tensors ---- */

void onnx_tensor(struct onnx *o, const char *name, int64_t type, int rank, const int64_t *dims)
{
    onnx_node_end(o);
    for (int i = 0; i < rank; i++)
        wrn_wire_int(&o->tensor, 1, dims[i]);
    wrn_wire_int(&o->tensor, 2, type);
    wrn_wire_string(&o->tensor, 8, name);
}

void onnx_tensor_bytes(struct onnx *o, uint32_t field, const void *bytes, size_t size)
{
    wrn_wire_head(&o->tensor, field, size);
    wrn_wire_put_bytes(&o->tensor, bytes, size);
}

void onnx_tensor_entry(struct onnx *o, const char *key, const char *value)
{
    wrn_wire_string(&o->a, 1, key);
    wrn_wire_string(&o->a, 2, value);
    wrn_wire_message(&o->tensor, 13, &o->a);
}

void onnx_tensor_end(struct onnx *o)
{
    wrn_wire_message(&o->graph, 5, &o->tensor);
}

void onnx_floats(struct onnx *o, const char *name, int rank, const int64_t *dims, float value)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)dims[i];
    onnx_tensor(o, name, 1, rank, dims);
    wrn_wire_head(&o->tensor, 9, count * sizeof value);
    for (size_t i = 0; i < count; i++)
        wrn_wire_put_bytes(&o->tensor, &value, sizeof value);
    onnx_tensor_end(o);
}

void onnx_numbers(struct onnx *o, const char *name, int count, const int64_t *numbers)
{
    const int64_t dim = count;
    onnx_tensor(o, name, 7, 1, &dim);
    onnx_tensor_bytes(o, 9, numbers, (size_t)count * sizeof *numbers);
    onnx_tensor_end(o);
}

/* ---- nodes ---- */

static void names(struct wire_buffer *to, uint32_t field, const char *list)
{
    char name[128];
    while (*list) {
        size_t length = strcspn(list, " ");
        snprintf(name, sizeof name, "%.*s", (int)length, list);
        wrn_wire_string(to, field, strcmp(name, "-") == 0 ? "" : name);
        list += length + strspn(list + length, " ");
    }
}

void onnx_node(struct onnx *o, const char *op, const char *name, const char *inputs, const char *outputs)
{
    onnx_node_end(o);
    names(&o->node, 1, inputs);
    names(&o->node, 2, outputs);
    if (name[0]) wrn_wire_string(&o->node, 3, name);
    wrn_wire_string(&o->node, 4, op);
}

void onnx_domain(struct onnx *o, const char *domain)
{
    wrn_wire_string(&o->node, 7, domain);
}

static void attribute(struct onnx *o, const char *name, int64_t type)
{
    wrn_wire_string(&o->a, 1, name);
    wrn_wire_int(&o->a, 20, type);
    wrn_wire_message(&o->node, 5, &o->a);
}

void onnx_int(struct onnx *o, const char *name, int64_t value)
{
    wrn_wire_int(&o->a, 3, value);
    attribute(o, name, 2);
}

void onnx_float(struct onnx *o, const char *name, float value)
{
    wrn_wire_float(&o->a, 2, value);
    attribute(o, name, 1);
}

void onnx_text(struct onnx *o, const char *name, const char *value)
{
    wrn_wire_string(&o->a, 4, value);
    attribute(o, name, 3);
}

void onnx_ints(struct onnx *o, const char *name, int count, ...)
{
    va_list values;
    va_start(values, count);
    for (int i = 0; i < count; i++)
        wrn_wire_int(&o->a, 8, va_arg(values, int64_t));
    va_end(values);
    attribute(o, name, 7);
}

void onnx_node_end(struct onnx *o)
{
    if (o->node.size) wrn_wire_message(&o->graph, 1, &o->node);
}

/* ---- files ---- */

void onnx_finish(struct onnx *o)
{
    onnx_node_end(o);
    wrn_wire_int(&o->model, 1, 8);
    wrn_wire_message(&o->model, 7, &o->graph);
    wrn_wire_int(&o->a, 2, o->opset);
    wrn_wire_message(&o->model, 8, &o->a);
    wrn_wire_put_bytes(&o->model, o->tail.data, o->tail.size);
    assert_false(o->model.failed);
}

void onnx_free(struct onnx *o)
{
    struct wire_buffer *all[] = { &o->graph, &o->node, &o->tensor, &o->model, &o->tail, &o->a, &o->b, &o->c };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        wrn_wire_free(all[i]);
}

static void *counted_alloc(void *user, size_t size, size_t alignment)
{
    void *memory = NULL;
    if (posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) != 0) return NULL;
    atomic_fetch_add((atomic_long *)user, 1);
    return memory;
}

static void counted_free(void *user, void *memory)
{
    atomic_fetch_sub((atomic_long *)user, 1);
    free(memory);
}

static wrn_status load(const void *data, size_t size, atomic_long *held)
{
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model *model;
    options.threads = 1;
    options.alloc_user = held;
    options.alloc = counted_alloc;
    options.free = counted_free;
    wrn_status status = wrn_load_memory(data, size, &options, &model, &test_error);
    wrn_free(model);
    return status;
}

void bytes_refused(const void *data, size_t size, wrn_status status, const char *text)
{
    atomic_long held = 0;
    assert_fails(load(data, size, &held), status, text);
    assert_int_equal(held, 0);
}

void onnx_refused(struct onnx *o, wrn_status status, const char *text)
{
    onnx_finish(o);
    bytes_refused(o->model.data, o->model.size, status, text);
    onnx_free(o);
}

void onnx_accepted(struct onnx *o)
{
    atomic_long held = 0;
    onnx_finish(o);
    assert_ok(load(o->model.data, o->model.size, &held));
    assert_int_equal(held, 0);
    onnx_free(o);
}
