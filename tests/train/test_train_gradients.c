/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loss and gradients of small networks against a naive forward pass in double and its finite differences: for every
 * parameter array some elements, so that the backward pass of every layer is in between.
 */
#include "make_batch.h"
#include "test.h"
#include "train_random.h"

#include <math.h>

static const double *value(const struct wrnt_net *net, const double *values, int32_t param)
{
    return values + net->params[param].offset;
}

/* The tensors of the reference: [image][c][h][w]. */
static size_t index_of(const struct wrn_layout *l, int32_t n, int32_t c, int32_t y, int32_t x)
{
    return (((size_t)n * (size_t)l->c + (size_t)c) * (size_t)l->h + (size_t)y) * (size_t)l->w + (size_t)x;
}

static void conv(const struct wrnt_net *net, const struct wrnt_op *op, const double *values, double **t, int32_t images)
{
    const struct wrn_layout *in = &net->tensors[op->in].layout, *out = &net->tensors[op->out].layout;
    const struct wrnt_conv *c = &op->conv;
    for (int32_t n = 0; n < images; n++)
        for (int32_t k = 0; k < out->c; k++)
            for (int32_t y = 0; y < out->h; y++)
                for (int32_t x = 0; x < out->w; x++) {
                    size_t at = index_of(out, n, k, y, x);
                    double sum = op->residual >= 0 ? t[op->residual][at] : 0;
                    if (c->bias >= 0) sum += value(net, values, c->bias)[k];
                    for (int32_t i = 0; i < in->c; i++)
                        for (int32_t tap = 0; tap < c->kernel * c->kernel; tap++) {
                            int32_t iy = y * c->stride - c->pad + tap / c->kernel, ix = x * c->stride - c->pad + tap % c->kernel;
                            if (iy < 0 || ix < 0 || iy >= in->h || ix >= in->w) continue;
                            sum += value(net, values, c->weight)[((size_t)k * (size_t)in->c + (size_t)i) * (size_t)(c->kernel * c->kernel) + (size_t)tap] *
                                   t[op->in][index_of(in, n, i, iy, ix)];
                        }
                    t[op->out][at] = sum;
                }
}

static double kept(const struct wrnt_op *op, const struct wrnt_batch *batch, int32_t n, int32_t pixel, int32_t c, int32_t channels)
{
    if (op->bn.dropout == 0) return 1;
    uint64_t key = wrnt_random(batch->seed, WRNT_RANDOM_DROPOUT, batch->step, (uint64_t)op->out);
    uint64_t bits = wrnt_mix(key + ((uint64_t)n << 32) + (uint64_t)(pixel * channels) + (uint64_t)(c / 4 * 4));
    return (bits >> (16 * (c % 4)) & 0xffff) < (uint64_t)lround(op->bn.dropout * 65536) ? 0 : 1 / (1 - op->bn.dropout);
}

static void bn(const struct wrnt_net *net, const struct wrnt_op *op, const double *values, double **t, const struct wrnt_batch *batch)
{
    const struct wrn_layout *l = &net->tensors[op->in].layout;
    int32_t map = l->h * l->w;
    double count = (double)map * batch->images;
    for (int32_t c = 0; c < l->c; c++) {
        double mean = 0, variance = 0;
        for (int pass = 0; pass < 2; pass++)
            for (int32_t n = 0; n < batch->images; n++)
                for (int32_t p = 0; p < map; p++) {
                    double x = t[op->in][index_of(l, n, c, 0, 0) + (size_t)p];
                    if (pass == 0) mean += x / count;
                    else variance += (x - mean) * (x - mean) / count;
                }
        for (int32_t n = 0; n < batch->images; n++)
            for (int32_t p = 0; p < map; p++) {
                size_t at = index_of(l, n, c, 0, 0) + (size_t)p;
                double z = (t[op->in][at] - mean) / sqrt(variance + WRNT_BN_EPSILON) * value(net, values, op->bn.scale)[c] +
                           value(net, values, op->bn.shift)[c];
                if (op->residual >= 0) z += t[op->residual][at];
                t[op->out][at] = z > 0 || !op->bn.relu ? z * kept(op, batch, n, p, c, l->c) : 0;
            }
    }
}

static void max_pool(const struct wrnt_net *net, const struct wrnt_op *op, double **t, int32_t images)
{
    const struct wrn_layout *in = &net->tensors[op->in].layout, *out = &net->tensors[op->out].layout;
    for (int32_t n = 0; n < images; n++)
        for (int32_t c = 0; c < in->c; c++)
            for (int32_t y = 0; y < out->h; y++)
                for (int32_t x = 0; x < out->w; x++) {
                    double most = -INFINITY;
                    for (int32_t iy = 2 * y - 1; iy < 2 * y + 2; iy++)
                        for (int32_t ix = 2 * x - 1; ix < 2 * x + 2; ix++)
                            if (iy >= 0 && ix >= 0 && iy < in->h && ix < in->w) most = fmax(most, t[op->in][index_of(in, n, c, iy, ix)]);
                    t[op->out][index_of(out, n, c, y, x)] = most;
                }
}

static void pool(const struct wrnt_net *net, const struct wrnt_op *op, double **t, int32_t images)
{
    const struct wrn_layout *l = &net->tensors[op->in].layout;
    for (int32_t i = 0; i < images * l->c; i++) {
        t[op->out][i] = 0;
        for (int32_t p = 0; p < l->h * l->w; p++) t[op->out][i] += t[op->in][(size_t)i * (size_t)(l->h * l->w) + (size_t)p] / (l->h * l->w);
    }
}

static double mean_loss(const struct wrnt_net *net, const double *logits, const struct wrnt_batch *batch)
{
    double loss = 0;
    int32_t classes = net->arch.classes;
    for (int32_t n = 0; n < batch->images; n++) {
        double sum = 0;
        for (int32_t k = 0; k < classes; k++) sum += exp(logits[n * classes + k]);
        for (int32_t k = 0; k < classes; k++) {
            double label = k == batch->labels[n], sure = batch->others ? batch->share * label + (1 - batch->share) * (k == batch->others[n]) : label;
            double wanted = batch->smoothing / classes + (1 - batch->smoothing) * sure;
            loss -= wanted * (logits[n * classes + k] - log(sum)) / batch->images;
        }
    }
    return loss;
}

/* Of two mixed images the one with the larger share is to be recognized. */
static int32_t right_ones(const struct wrnt_net *net, const double *logits, const struct wrnt_batch *batch)
{
    int32_t right = 0, classes = net->arch.classes;
    const int32_t *wanted = batch->others && batch->share < 0.5 ? batch->others : batch->labels;
    for (int32_t n = 0; n < batch->images; n++) {
        int32_t best = 0;
        for (int32_t k = 1; k < classes; k++)
            if (logits[n * classes + k] > logits[n * classes + best]) best = k;
        right += best == wanted[n];
    }
    return right;
}

/* Room for all tensors, the input filled in. */
static double **reference_make(const struct wrnt_net *net, const struct wrnt_batch *batch)
{
    double **t = calloc((size_t)net->tensor_count, sizeof *t);
    for (int32_t i = 0; i < net->tensor_count; i++) {
        const struct wrn_layout *l = &net->tensors[i].layout;
        t[i] = calloc((size_t)(batch->images * l->c * l->h * l->w), sizeof **t);
    }
    const struct wrn_layout *l = &net->tensors[0].layout;
    for (int32_t n = 0; n < batch->images; n++)
        for (int32_t c = 0; c < l->c; c++)
            for (int32_t y = 0; y < l->h; y++)
                for (int32_t x = 0; x < l->w; x++)
                    t[0][index_of(l, n, c, y, x)] = batch->input[(size_t)n * l->image + l->origin + (size_t)y * l->row + (size_t)(x * l->cp + c)];
    return t;
}

/* The loss when the operations from `first` on are done (again). */
static double reference_loss(const struct wrnt_net *net, int32_t first, const double *values, double **t, const struct wrnt_batch *batch)
{
    for (int32_t i = first; i < net->op_count; i++) {
        const struct wrnt_op *op = &net->ops[i];
        if (op->kind == WRNT_CONV) conv(net, op, values, t, batch->images);
        if (op->kind == WRNT_BN) bn(net, op, values, t, batch);
        if (op->kind == WRNT_MAX_POOL) max_pool(net, op, t, batch->images);
        if (op->kind == WRNT_POOL) pool(net, op, t, batch->images);
    }
    return mean_loss(net, t[net->logits], batch);
}

static double largest(const float *values, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs(values[i]));
    return most;
}

#define MAX_NETS 4

/* The same network on each instruction set of this CPU. */
struct nets {
    struct wrnt_net *net[MAX_NETS];
    struct wrnt_batch batch[MAX_NETS];
    double loss[MAX_NETS];
    int32_t right[MAX_NETS];
    int count;
};

#if defined(WRN_TEST_EMULATED)
#define ELEMENTS 1 /* of each array */
#else
#define ELEMENTS 3
#endif

/* `op` uses the array. */
static void check_param(const struct nets *nets, int32_t op, int32_t param, double *values, double **t)
{
    const double step = 1e-6;
    const struct wrnt_net *net = nets->net[0];
    const struct wrnt_param *p = &net->params[param];
    for (uint64_t i = 0; i < ELEMENTS; i++) {
        size_t at = p->offset + wrnt_random(5, WRNT_RANDOM_ORDER, p->offset, i) % p->count;
        double was = values[at];
        values[at] = was + step;
        double more = reference_loss(net, op, values, t, &nets->batch[0]);
        values[at] = was - step;
        double wanted = (more - reference_loss(net, op, values, t, &nets->batch[0])) / (2 * step);
        values[at] = was;
        for (int n = 0; n < nets->count; n++) {
            const float *grads = nets->net[n]->grads;
            if (!(fabs(wanted - grads[at]) <= 2e-4 * largest(grads + p->offset, p->count) + 1e-7))
                fail_msg("isa %d, %s, element %zu: gradient %g, finite difference %g", nets->net[n]->kernels.isa, p->name, at - p->offset,
                         (double)grads[at], wanted);
        }
    }
}

struct check {
    wrn_train_network network;
    int32_t side, batch, images;
    double smoothing, share; /* share: 0 without mixing */
    int32_t stages, width;   /* stages: 0, or the network is shortened; width: 0, or of the first stage's blocks, half of the next's */
};

static struct wrnt_net *net_of(const struct check *c, int32_t isa)
{
    struct wrnt_arch arch;
    assert_ok(wrnt_arch_make(&c->network, 10, &arch, &test_error));
    arch.height = arch.width = c->side;
    if (c->stages) shorten(&arch, c->stages);
    for (int32_t s = 0; c->width && s < arch.stages; s++) arch.widths[s] = c->width << s;
    return make_net_of(&arch, c->batch, 2, isa);
}

static void add_net(struct nets *nets, const struct check *c, int32_t isa)
{
    struct wrnt_net *net = net_of(c, isa);
    struct wrnt_result result;
    /* Not the scales of 1 and shifts of 0 that training begins with. */
    for (int32_t i = 0; i < net->param_count; i++)
        for (size_t j = 0; net->params[i].rank == 1 && j < net->params[i].count; j++)
            net->values[net->params[i].offset + j] += 0.5f * (float)wrnt_unit(wrnt_random(3, WRNT_RANDOM_WEIGHTS, (uint64_t)i, j)) - 0.25f;
    struct wrnt_batch other = make_batch(net, c->batch, 2, 0), batch = make_batch(net, c->images, 2, 1);
    batch.smoothing = c->smoothing;
    batch.share = c->share;
    batch.others = c->share > 0 ? other.labels : NULL;
    batch.step = 3;
    wrnt_net_step(net, &other, &result); /* what one step leaves must not reach into the next */
    wrnt_net_step(net, &batch, &result);
    if (!batch.others) free_batch(&other);
    else free((void *)other.input);
    nets->net[nets->count] = net;
    nets->batch[nets->count] = batch;
    nets->right[nets->count] = result.correct;
    nets->loss[nets->count++] = result.loss / batch.images;
}

static void check_all(const struct check *c)
{
    struct wrn_cpu cpu;
    struct nets nets = { .count = 0 };
    wrn_cpu_detect(&cpu);
    for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++)
        if (cpu.isa_mask >> isa & 1) add_net(&nets, c, isa);

    const struct wrnt_net *net = nets.net[0];
    double **t = reference_make(net, &nets.batch[0]), *values = calloc(net->floats, sizeof *values);
    for (size_t i = 0; i < net->floats; i++) values[i] = net->values[i];
    double wanted = reference_loss(net, 0, values, t, &nets.batch[0]);
    for (int n = 0; n < nets.count; n++)
        if (!(fabs(wanted - nets.loss[n]) <= 1e-5 * wanted))
            fail_msg("isa %d: loss %.8f, in double %.8f", nets.net[n]->kernels.isa, nets.loss[n], wanted);
    for (int n = 0; n < nets.count; n++) assert_int_equal(nets.right[n], right_ones(net, t[net->logits], &nets.batch[0]));
    /* From the last operation to the first: what is before one is not done again. */
    int32_t checked = 0;
    for (int32_t i = net->op_count - 1; i >= 0; i--) {
        const struct wrnt_op *op = &net->ops[i];
        const int32_t params[2] = { op->kind == WRNT_CONV ? op->conv.weight : op->kind == WRNT_BN ? op->bn.scale : -1,
                                    op->kind == WRNT_CONV ? op->conv.bias : op->kind == WRNT_BN ? op->bn.shift : -1 };
        for (int j = 0; j < 2; j++)
            if (params[j] >= 0) check_param(&nets, i, params[j], values, t), checked++;
    }
    assert_int_equal(checked, net->param_count);

    for (int32_t i = 0; i < net->tensor_count; i++) free(t[i]);
    free(t);
    free(values);
    for (int n = 0; n < nets.count; n++) {
        free((void *)nets.batch[n].others);
        free_batch(&nets.batch[n]);
        wrnt_net_free(nets.net[n]);
    }
}

static void basic_blocks(void **state)
{
    (void)state;
    check_all(&(struct check){ .network = { .depth = 10, .k = 1 }, .side = 8, .batch = 3, .images = 3 });
}

static void odd_maps_and_short_batches(void **state)
{
    (void)state;
    check_all(&(struct check){ .network = { .depth = 10, .k = 0.5 }, .side = 13, .batch = 4, .images = 1, .smoothing = 0.1 });
}

/* 168 channels are more than one group of the weights' gradient in Winograd's domain, 84 directly, and neither is a whole number
 * of AVX-512's vectors. */
static void groups_of_channels(void **state)
{
    (void)state;
    check_all(&(struct check){ .network = { .depth = 10, .k = 2.625 }, .side = 16, .batch = 1, .images = 1 });
}

static void other_blocks(void **state)
{
    (void)state;
    check_all(&(struct check){ .network = { .blocks = 1, .k = 0.75, .block = "B(1,3,1)" }, .side = 8, .batch = 2, .images = 2 });
    check_all(&(struct check){ .network = { .blocks = 1, .k = 0.75, .block = "1" }, .side = 8, .batch = 2, .images = 2 });
    check_all(&(struct check){ .network = { .blocks = 2, .k = 0.25, .block = "1,3,1", .bottleneck = 4 }, .side = 8, .batch = 2, .images = 2 });
}

static void dropout_smoothing_and_mixing(void **state)
{
    (void)state;
    check_all(&(struct check){ .network = { .depth = 10, .k = 1, .dropout = 0.3 }, .side = 8, .batch = 3, .images = 3, .smoothing = 0.1, .share = 0.7 });
    check_all(&(struct check){ .network = { .depth = 10, .k = 1 }, .side = 8, .batch = 16, .images = 16, .share = 0.2 });
}

static void imagenet_basic(void **state)
{
    (void)state;
    check_all(&(struct check){ .network = { .depth = 18, .k = 0.125, .family = WRN_TRAIN_FAMILY_IMAGENET }, .side = 33, .batch = 3, .images = 3,
                               .stages = 2 });
    check_all(&(struct check){ .network = { .depth = 34, .k = 0.375, .family = WRN_TRAIN_FAMILY_IMAGENET, .dropout = 0.2 }, .side = 22, .batch = 4,
                               .images = 2, .stages = 2 });
}

static void imagenet_bottleneck(void **state)
{
    (void)state;
    check_all(&(struct check){ .network = { .depth = 50, .k = 0.125, .family = WRN_TRAIN_FAMILY_IMAGENET }, .side = 32, .batch = 2, .images = 2,
                               .smoothing = 0.1, .stages = 2, .width = 12 });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(basic_blocks), cmocka_unit_test(odd_maps_and_short_batches), cmocka_unit_test(groups_of_channels),
        cmocka_unit_test(other_blocks), cmocka_unit_test(dropout_smoothing_and_mixing), cmocka_unit_test(imagenet_basic), cmocka_unit_test(imagenet_bottleneck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
