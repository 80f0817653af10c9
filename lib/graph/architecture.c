/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paper's parameters from the graph. Each sum of two maps ends a residual block; its two operands are walked back
 * to the nearest tensor that both come from. The branch with more convolutions is the block, the other the shortcut.
 *
 *   CIFAR family     depth = convolutions in blocks + 4 (the first one, the linear layer, and by the paper's way of
 *                    counting two of the three projections); k = width of the first stage / 16
 *   thin bottleneck  (a block's last convolution is wider than the others) depth = convolutions in blocks + 2
 *   ImageNet family  (7 x 7 stem) depth = convolutions in blocks + 2; k = width of the first 3 x 3 / 64
 */
#include "graph/architecture.h"

#include <stdio.h>
#include <string.h>

#define MAX_BLOCK 8 /* convolutions in a block */

struct block {
    int32_t kernels[MAX_BLOCK], widths[MAX_BLOCK]; /* first to last */
    int32_t count;
};

/* The value before `value` on its (first) input; -1 at the graph's input. */
static int32_t before(const struct wrn_graph *g, int32_t value)
{
    int32_t node = g->values[value].producer;
    return node < 0 ? -1 : g->nodes[node].inputs[0];
}

/* Convolutions on the way from `from` back to `to`. False if there are more than a block has. */
static bool walk(const struct wrn_graph *g, int32_t from, int32_t to, struct block *b)
{
    b->count = 0;
    for (int32_t v = from; v != to; v = before(g, v)) {
        const struct wrn_node *n = &g->nodes[g->values[v].producer];
        if (n->op != WRN_OP_CONV) continue;
        if (b->count == MAX_BLOCK) return false;
        b->kernels[b->count] = n->kernel[0];
        b->widths[b->count++] = g->values[v].c;
    }
    for (int32_t i = 0; i < b->count / 2; i++) {
        int32_t j = b->count - 1 - i, kernel = b->kernels[i], width = b->widths[i];
        b->kernels[i] = b->kernels[j], b->widths[i] = b->widths[j];
        b->kernels[j] = kernel, b->widths[j] = width;
    }
    return true;
}

/* The nearest value from which both a and b come along first inputs. Values are numbered in the order of computation,
 * so the later one steps back until they meet. */
static int32_t common(const struct wrn_graph *g, int32_t a, int32_t b, int32_t most_steps)
{
    while (a != b && a >= 0 && b >= 0 && most_steps-- > 0) {
        if (a > b) a = before(g, a);
        else b = before(g, b);
    }
    return a == b ? a : -1;
}

static bool find_block(const struct wrn_graph *g, const struct wrn_node *sum, struct block *main)
{
    /* A block has at most MAX_BLOCK convolutions with a BN, a ReLU, a dropout and a pad each, and a shortcut. */
    int32_t from = common(g, sum->inputs[0], sum->inputs[1], MAX_BLOCK * 6);
    struct block a, b;
    if (from < 0 || !walk(g, sum->inputs[0], from, &a) || !walk(g, sum->inputs[1], from, &b)) return false;
    *main = a.count >= b.count ? a : b;
    return main->count > 0 && (a.count >= b.count ? b.count : a.count) <= 1;
}

static bool only_relu_reads(const struct wrn_graph *g, int32_t value)
{
    bool relu = false;
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct wrn_node *n = &g->nodes[i];
        if (n->inputs[0] != value && n->inputs[1] != value) continue;
        if (n->op != WRN_OP_RELU) return false;
        relu = true;
    }
    return relu;
}

static const struct wrn_node *first_conv(const struct wrn_graph *g)
{
    for (int32_t i = 0; i < g->node_count; i++)
        if (g->nodes[i].op == WRN_OP_CONV) return &g->nodes[i];
    return NULL;
}

static void put_block(struct wrn_architecture *a, const struct block *b)
{
    size_t used = 0;
    for (int32_t i = 0; i < b->count; i++)
        used += (size_t)snprintf(a->block + used, sizeof a->block - used, "%s%d", i ? "," : "B(", b->kernels[i]);
    snprintf(a->block + used, sizeof a->block - used, ")");
}

/* A factor as people write it: "2", "1.5". */
static void put_name(struct wrn_architecture *a, int32_t depth, int32_t width, int32_t base)
{
    int32_t hundredths = (int32_t)(((int64_t)width * 100 + base / 2) / base), rest = hundredths % 100;
    if (rest == 0) snprintf(a->name, sizeof a->name, "WRN-%d-%d", depth, hundredths / 100);
    else if (rest % 10 == 0) snprintf(a->name, sizeof a->name, "WRN-%d-%d.%d", depth, hundredths / 100, rest / 10);
    else snprintf(a->name, sizeof a->name, "WRN-%d-%d.%02d", depth, hundredths / 100, rest);
}

static bool same_kernels(const struct block *a, const struct block *b)
{
    return a->count == b->count && memcmp(a->kernels, b->kernels, (size_t)a->count * sizeof a->kernels[0]) == 0;
}

wrn_status wrn_architecture_find(const struct wrn_graph *g, struct wrn_architecture *a, wrn_error *error)
{
    (void)error;
    struct block first = { .count = 0 }, block;
    int32_t blocks = 0, convs = 0, last_sum = -1;
    bool uniform = true;
    memset(a, 0, sizeof *a);
    snprintf(a->name, sizeof a->name, "custom");
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct wrn_node *n = &g->nodes[i];
        if (n->op != WRN_OP_ADD || g->values[n->output].rank != 4) continue;
        if (!find_block(g, n, &block)) return WRN_OK;
        if (blocks++ == 0) first = block;
        else uniform = uniform && same_kernels(&first, &block);
        convs += block.count;
        last_sum = n->output;
    }
    const struct wrn_node *stem = first_conv(g);
    if (blocks == 0 || !stem) return WRN_OK;

    bool imagenet = stem->kernel[0] == 7, post = only_relu_reads(g, last_sum);
    snprintf(a->family, sizeof a->family, "%s %s-activation", imagenet ? "imagenet" : "cifar", post ? "post" : "pre");
    if (uniform) put_block(a, &first);
    if (!uniform) return WRN_OK;
    bool bottleneck = first.widths[first.count - 1] > first.widths[0];
    if (imagenet) put_name(a, convs + 2, first.widths[0], 64);
    else if (bottleneck && first.widths[0] == 16) snprintf(a->name, sizeof a->name, "ResNet-%d", convs + 2);
    else put_name(a, convs + (bottleneck ? 2 : 4), first.widths[0], 16);
    return WRN_OK;
}
