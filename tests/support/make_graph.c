/* SPDX-License-Identifier: Apache-2.0 */
#include "make_graph.h"

#include "test.h"

#include <math.h>

uint32_t random_below(uint32_t *state, uint32_t limit)
{
    /* Numerical Recipes' linear congruential generator; the high bits are the good ones. */
    *state = *state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(*state >> 8) * limit) >> 24);
}

float random_float(uint32_t *state)
{
    return (float)random_below(state, 1u << 24) / (float)(1u << 23) - 1;
}

struct make_graph make_graph_small(void)
{
    return (struct make_graph){ .seed = 1, .classes = 10, .height = 12, .width = 12, .blocks = 1, .stages = 3, .base = 8,
                                .width_of_first = 12, .kernels = { 3, 3 }, .bottleneck = 1 };
}

struct maker {
    const struct make_graph *o;
    struct wrn_graph *g;
    uint32_t state;
    int32_t count;
};

static int32_t weight(struct maker *m, int32_t rank, const int64_t *dims, float center, float spread)
{
    size_t count = 1;
    for (int32_t i = 0; i < rank; i++)
        count *= (size_t)dims[i];
    float *data = wrn_arena_alloc(&m->g->arena, count, sizeof *data);
    assert_non_null(data);
    for (size_t i = 0; i < count; i++)
        data[i] = center + spread * random_float(&m->state);
    char name[24];
    int32_t index;
    snprintf(name, sizeof name, "w%d", m->count++);
    assert_ok(wrn_graph_add_weight(m->g, name, WRN_F32, rank, dims, data, &index, &test_error));
    return index;
}

static int32_t add(struct maker *m, struct wrn_node n, const char *kind)
{
    char name[40];
    int32_t out;
    snprintf(name, sizeof name, "%s%d", kind, m->g->node_count);
    n.name = name;
    assert_ok(wrn_graph_add_node(m->g, &n, NULL, &out, &test_error));
    return out;
}

static int32_t conv(struct maker *m, int32_t in, int32_t k, int32_t kernel, int32_t stride)
{
    int32_t c = m->g->values[in].c, pad = kernel / 2;
    int64_t dims[4] = { k, c, kernel, kernel };
    if (m->o->separate_pad && stride > 1 && pad) {
        struct wrn_node p = wrn_node_make(WRN_OP_PAD, "", in);
        for (int i = 0; i < 4; i++)
            p.pad[i] = pad;
        in = add(m, p, "pad");
        pad = 0;
    }
    struct wrn_node n = wrn_node_make(WRN_OP_CONV, "", in);
    n.weights[0] = weight(m, 4, dims, 0, sqrtf(3.f / (float)(c * kernel * kernel)));
    for (int i = 0; i < 4; i++)
        n.pad[i] = pad;
    n.stride[0] = n.stride[1] = stride;
    return add(m, n, "conv");
}

static int32_t bn(struct maker *m, int32_t in)
{
    int64_t c = m->g->values[in].c;
    struct wrn_node n = wrn_node_make(WRN_OP_BATCHNORM, "", in);
    n.weights[0] = weight(m, 1, &c, 1, 0.4f);
    n.weights[1] = weight(m, 1, &c, 0, 0.3f);
    n.weights[2] = weight(m, 1, &c, 0, 0.3f);
    n.weights[3] = weight(m, 1, &c, 1, 0.5f);
    n.epsilon = 1e-5;
    return add(m, n, "bn");
}

static int32_t relu(struct maker *m, int32_t in)
{
    return add(m, wrn_node_make(WRN_OP_RELU, "", in), "relu");
}

static int32_t sum(struct maker *m, int32_t a, int32_t b)
{
    struct wrn_node n = wrn_node_make(WRN_OP_ADD, "", a);
    n.inputs[1] = b;
    return add(m, n, "add");
}

static int32_t block(struct maker *m, int32_t in, int32_t width, int32_t stride)
{
    const struct make_graph *o = m->o;
    int32_t out_width = width * o->bottleneck, count = 0, stride_at = 0;
    bool shortcut = m->g->values[in].c == out_width && stride == 1;
    while (count < 4 && o->kernels[count])
        count++;
    while (stride_at < count - 1 && o->kernels[stride_at] != 3)
        stride_at++;
    int32_t x = in, first = in;
    for (int32_t i = 0; i < count; i++) {
        if (!o->post_activation) {
            x = relu(m, bn(m, x));
            if (i == 0) first = x;
            if (i > 0 && o->dropout) x = add(m, wrn_node_make(WRN_OP_DROPOUT, "", x), "dropout");
        }
        x = conv(m, x, i == count - 1 ? out_width : width, o->kernels[i], i == stride_at ? stride : 1);
        if (o->post_activation) {
            x = bn(m, x);
            if (i < count - 1) x = relu(m, x);
        }
    }
    int32_t other = in;
    if (!shortcut) {
        other = conv(m, first, out_width, 1, stride);
        if (o->post_activation) other = bn(m, other);
    }
    x = sum(m, x, other);
    return o->post_activation ? relu(m, x) : x;
}

static int32_t stem(struct maker *m, int32_t in)
{
    if (!m->o->imagenet_stem) return conv(m, in, m->o->base, 3, 1);
    int32_t x = relu(m, bn(m, conv(m, in, m->o->base, 7, 2)));
    struct wrn_node n = wrn_node_make(WRN_OP_MAXPOOL, "", x);
    for (int i = 0; i < 2; i++) {
        n.kernel[i] = 3;
        n.stride[i] = 2;
    }
    for (int i = 0; i < 4; i++)
        n.pad[i] = 1;
    return add(m, n, "maxpool");
}

static int32_t head(struct maker *m, int32_t x)
{
    if (!m->o->post_activation) x = relu(m, bn(m, x));
    struct wrn_node pool = wrn_node_make(WRN_OP_GLOBALAVG, "", x);
    x = add(m, pool, "pool");
    x = add(m, wrn_node_make(WRN_OP_FLATTEN, "", x), "flatten");
    struct wrn_node fc = wrn_node_make(WRN_OP_LINEAR, "", x);
    int64_t dims[2] = { m->o->classes, m->g->values[x].c };
    fc.weights[0] = weight(m, 2, dims, 0, 0.3f);
    fc.weights[1] = weight(m, 1, dims, 0, 0.5f);
    x = add(m, fc, "fc");
    return m->o->softmax ? add(m, wrn_node_make(WRN_OP_SOFTMAX, "", x), "softmax") : x;
}

struct wrn_graph *make_graph(const struct make_graph *o)
{
    struct maker m = { .o = o, .state = o->seed };
    struct wrn_alloc alloc = wrn_alloc_default();
    int32_t x;
    assert_ok(wrn_graph_create(&alloc, &m.g, &test_error));
    assert_ok(wrn_graph_set_input(m.g, "input", 4, 3, o->height, o->width, WRN_LAYOUT_NCHW, &x, &test_error));
    x = stem(&m, x);
    for (int32_t s = 0; s < o->stages; s++)
        for (int32_t b = 0; b < o->blocks; b++)
            x = block(&m, x, o->width_of_first << s, s && !b ? 2 : 1);
    assert_ok(wrn_graph_set_output(m.g, head(&m, x), &test_error));
    assert_ok(wrn_graph_check(m.g, &test_error));
    return m.g;
}

double relative_error(const float *got, const double *expected, size_t count)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += (got[i] - expected[i]) * (got[i] - expected[i]);
        norm += expected[i] * expected[i];
    }
    return sqrt(difference) / (norm > 0 ? sqrt(norm) : 1);
}
