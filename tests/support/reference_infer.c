/* SPDX-License-Identifier: Apache-2.0 */
/* The graph's meaning, in double and one node at a time: what fusion, layouts and kernels must not change. */
#include "make_graph.h"

#include "test.h"

#include <math.h>

struct tensor { const double *x; int32_t c, h, w; };

static double at(const struct tensor *t, int32_t c, int32_t y, int32_t x)
{
    return c >= t->c || y < 0 || y >= t->h || x < 0 || x >= t->w ? 0 : t->x[((size_t)c * (size_t)t->h + (size_t)y) * (size_t)t->w + (size_t)x];
}

static double get(const struct wrn_graph *g, const struct wrn_node *n, int i, size_t index, double otherwise)
{
    if (n->weights[i] < 0) return otherwise;
    const struct wrn_weight *w = &g->weights[n->weights[i]];
    return wrn_weight_get(w, w->count == 1 ? 0 : index);
}

static double conv_at(const struct wrn_graph *g, const struct wrn_node *n, const struct tensor *in, int32_t k, int32_t out_c, int32_t y, int32_t x)
{
    int32_t c_group = in->c / n->groups, c0 = k / (out_c / n->groups) * c_group;
    double sum = get(g, n, 1, (size_t)k, 0);
    for (int32_t c = 0; c < c_group; c++)
        for (int32_t i = 0; i < n->kernel[0]; i++) {
            int32_t yy = y * n->stride[0] - n->pad[0] + i * n->dilation[0];
            if (yy < 0 || yy >= in->h) continue;
            const double *row = in->x + ((size_t)(c0 + c) * (size_t)in->h + (size_t)yy) * (size_t)in->w;
            size_t w = (((size_t)k * (size_t)c_group + (size_t)c) * (size_t)n->kernel[0] + (size_t)i) * (size_t)n->kernel[1];
            for (int32_t j = 0; j < n->kernel[1]; j++) {
                int32_t xx = x * n->stride[1] - n->pad[1] + j * n->dilation[1];
                if (xx >= 0 && xx < in->w) sum += row[xx] * wrn_weight_get(&g->weights[n->weights[0]], w + (size_t)j);
            }
        }
    return sum;
}

static double pool_at(const struct wrn_node *n, const struct tensor *in, int32_t c, int32_t y, int32_t x, bool max)
{
    double best = -INFINITY, sum = 0;
    int32_t count = 0;
    for (int32_t i = 0; i < n->kernel[0]; i++)
        for (int32_t j = 0; j < n->kernel[1]; j++) {
            int32_t yy = y * n->stride[0] - n->pad[0] + i * n->dilation[0], xx = x * n->stride[1] - n->pad[1] + j * n->dilation[1];
            bool on_map = yy >= 0 && yy < in->h && xx >= 0 && xx < in->w;
            if (on_map && at(in, c, yy, xx) > best) best = at(in, c, yy, xx);
            if (on_map) sum += at(in, c, yy, xx);
            count += on_map || (n->count_pad && yy < in->h + n->pad[2] && xx < in->w + n->pad[3]);
        }
    return max ? best : sum / count;
}

static double global_at(const struct tensor *in, int32_t c, bool max)
{
    double best = -INFINITY, sum = 0;
    for (int32_t y = 0; y < in->h; y++)
        for (int32_t x = 0; x < in->w; x++) {
            sum += at(in, c, y, x);
            if (at(in, c, y, x) > best) best = at(in, c, y, x);
        }
    return max ? best : sum / ((double)in->h * in->w);
}

static double softmax_at(const struct tensor *in, int32_t c, int32_t y, int32_t x, bool logarithm)
{
    double sum = 0;
    for (int32_t i = 0; i < in->c; i++)
        sum += exp(at(in, i, y, x) - at(in, c, y, x));
    return logarithm ? -log(sum) : 1 / sum;
}

static double node_at(const struct wrn_graph *g, const struct wrn_node *n, const struct tensor *in, const struct tensor *in2, int32_t c, int32_t y, int32_t x)
{
    const struct wrn_value *out = &g->values[n->output];
    double v = at(in, c, y, x);
    size_t i = (size_t)c;
    switch (n->op) {
    case WRN_OP_CONV: return conv_at(g, n, in, c, out->c, y, x);
    case WRN_OP_BATCHNORM:
        return (v - get(g, n, 2, i, 0)) / sqrt(get(g, n, 3, i, 1) + n->epsilon) * get(g, n, 0, i, 1) + get(g, n, 1, i, 0);
    case WRN_OP_AFFINE: return v * get(g, n, 0, i, 1) + get(g, n, 1, i, 0);
    case WRN_OP_RELU: return v < 0 ? 0 : v;
    case WRN_OP_ADD: return v + at(in2, c, y, x);
    case WRN_OP_MAXPOOL: return pool_at(n, in, c, y, x, true);
    case WRN_OP_AVGPOOL: return pool_at(n, in, c, y, x, false);
    case WRN_OP_GLOBALAVG: return global_at(in, c, false);
    case WRN_OP_GLOBALMAX: return global_at(in, c, true);
    case WRN_OP_PAD: {
        int32_t yy = y - n->pad[0], xx = x - n->pad[1];
        return yy < 0 || yy >= in->h || xx < 0 || xx >= in->w ? n->value : at(in, c, yy, xx);
    }
    case WRN_OP_FLATTEN: return in->x[c];
    case WRN_OP_LINEAR: {
        double sum = get(g, n, 1, i, 0);
        for (int32_t k = 0; k < in->c; k++)
            sum += in->x[k] * wrn_weight_get(&g->weights[n->weights[0]], i * (size_t)in->c + (size_t)k);
        return sum;
    }
    case WRN_OP_SOFTMAX: return softmax_at(in, c, y, x, false);
    case WRN_OP_LOGSOFTMAX: return softmax_at(in, c, y, x, true);
    case WRN_OP_DROPOUT: return v;
    default: fail_msg("no reference for operator %d", n->op); return 0;
    }
}

static size_t size_of(const struct wrn_value *v)
{
    return (size_t)v->c * (size_t)v->h * (size_t)v->w;
}

void reference_infer(const struct wrn_graph *g, int32_t batch, const float *input, int32_t value, double *output)
{
    double **values = calloc((size_t)g->value_count, sizeof *values);
    if (value < 0) value = g->output;
    for (int32_t i = 0; i < g->value_count; i++)
        values[i] = calloc(size_of(&g->values[i]), sizeof **values);
    for (int32_t n = 0; n < batch; n++) {
        size_t inputs = size_of(&g->values[g->input]);
        for (size_t i = 0; i < inputs; i++)
            values[g->input][i] = input[(size_t)n * inputs + i];
        for (int32_t i = 0; i < g->node_count; i++) {
            const struct wrn_node *node = &g->nodes[i];
            const struct wrn_value *a = &g->values[node->inputs[0]], *b = node->inputs[1] < 0 ? a : &g->values[node->inputs[1]];
            const struct wrn_value *out = &g->values[node->output];
            struct tensor ta = { values[a - g->values], a->c, a->h, a->w }, tb = { values[b - g->values], b->c, b->h, b->w };
            double *to = values[node->output];
            for (int32_t c = 0; c < out->c; c++)
                for (int32_t y = 0; y < out->h; y++)
                    for (int32_t x = 0; x < out->w; x++)
                        *to++ = node_at(g, node, &ta, &tb, c, y, x);
        }
        size_t outputs = size_of(&g->values[value]);
        memcpy(output + (size_t)n * outputs, values[value], outputs * sizeof *output);
    }
    for (int32_t i = 0; i < g->value_count; i++)
        free(values[i]);
    free(values);
}
