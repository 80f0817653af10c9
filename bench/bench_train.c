/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seconds that training steps take, on random images: forward, backward and the update of the weights.
 *   bench_train DEPTH K BATCH THREADS STEPS [--thin] [--recompute] [--profile]
 * prints one line a step: seconds of wall time, and of all threads' CPU time. The first is a step too many, to warm up.
 * --thin: bottlenecks as in pre-activation ResNets, 1x1, 3x3 and 1x1 to four times the width, such as ResNet-1001 with K = 1.
 * --profile prints instead where the time goes: milliseconds of all threads' CPU time for each operator and direction, means
 * of the steps, and the gigaflops a second of CPU time that the convolutions' definition would need for that.
 */
#include "train_random.h"
#include "train_recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fill(const struct wrnt_net *net, float *input, int32_t *labels)
{
    const struct wrn_layout *l = &net->tensors[0].layout;
    for (int32_t n = 0; n < net->batch; n++) {
        uint64_t image = wrnt_mix((uint64_t)n);
        labels[n] = (int32_t)(image % 10);
        for (int32_t y = 0; y < l->h; y++)
            for (int32_t x = 0; x < l->w; x++)
                for (int32_t c = 0; c < l->c; c++)
                    input[(size_t)n * l->image + l->origin + (size_t)y * l->row + (size_t)(x * l->cp + c)] =
                        (float)(wrnt_unit(wrnt_mix(image++)) * 2 - 1);
    }
}

struct profile {
    const struct wrnt_net *net;
    double (*seconds)[WRNT_PARTS]; /* of each operator */
    double last;
};

static void part_done(void *arg, int32_t op, enum wrnt_part part)
{
    struct profile *p = arg;
    double t = now(CLOCK_PROCESS_CPUTIME_ID);
    p->seconds[op][part] += t - p->last;
    p->last = t;
}

static void print_part(double seconds, double flops)
{
    printf("%10.3f", 1e3 * seconds);
    if (flops > 0 && seconds > 0) printf(" %5.0f", 1e-9 * flops / seconds);
    else printf("      ");
}

static void print_profile(const struct profile *p, int steps, double update)
{
    const struct wrnt_net *net = p->net;
    const enum wrnt_part parts[] = { WRNT_FORWARD, WRNT_WEIGHTS, WRNT_BACKWARD };
    double sums[2][3] = { { 0 } }, packing = 0; /* of convolutions, of all others */
    printf("%-20s %-18s %-26s     forward          weights         backward\n", "operator", "shape", "algorithms");
    for (int32_t i = 0; i < net->op_count; i++) {
        const struct wrnt_op *op = &net->ops[i];
        const struct wrn_layout *in = &net->tensors[op->in].layout, *out = &net->tensors[op->out].layout;
        bool conv = op->kind == WRNT_CONV;
        double flops = conv ? 2 * wrn_conv_macs(&op->conv.forward.desc) * net->batch : 0;
        char shape[40], algorithms[64] = "";
        snprintf(shape, sizeof shape, "%d>%d %dx%d", in->c, out->c, out->h, out->w);
        if (conv)
            snprintf(algorithms, sizeof algorithms, "%s %s %s", op->conv.forward.impl->name, op->conv.winograd ? "winograd4" : "direct",
                     op->conv.backward[0].impl ? op->conv.backward[0].impl->name : "-");
        packing += p->seconds[i][WRNT_PACK] / steps;
        printf("%-20s %-18s %-30s", op->name[0] ? op->name : "pool", shape, algorithms);
        for (int j = 0; j < 3; j++) {
            double seconds = p->seconds[i][parts[j]] / steps;
            sums[!conv][j] += seconds;
            print_part(seconds, flops);
        }
        printf("\n");
    }
    for (int kind = 0; kind < 2; kind++) {
        printf("%-70s", kind ? "all others" : "all convolutions");
        for (int j = 0; j < 3; j++) print_part(sums[kind][j], 0);
        printf("\n");
    }
    printf("packing of weights %.3f, loss %.3f, update of weights %.3f; memory %.0f MB\n", 1e3 * packing,
           1e3 * p->seconds[0][WRNT_LOSS] / steps, 1e3 * update / steps, 1e-6 * (double)net->arena.total);
}

/* Without a profile, its seconds are NULL. */
static void measure(struct wrnt_net *net, const struct wrnt_recipe *recipe, struct wrnt_batch batch, int steps, struct profile *profile)
{
    double update = 0;
    for (int i = 0; i <= steps; i++) {
        struct wrnt_result result;
        double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID), before;
        profile->last = cpu;
        if (i == 1 && profile->seconds) batch.watch = (struct wrnt_watch){ part_done, profile };
        wrnt_net_step(net, &batch, &result);
        before = now(CLOCK_PROCESS_CPUTIME_ID);
        wrnt_recipe_update(recipe, 0.01, net);
        wall = now(CLOCK_MONOTONIC) - wall, cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        if (i > 0) update += now(CLOCK_PROCESS_CPUTIME_ID) - before;
        if (i > 0 && !profile->seconds) printf("%.6f %.6f\n", wall, cpu);
    }
    if (profile->seconds) print_profile(profile, steps, update);
}

static bool has_option(int argc, char **argv, const char *name)
{
    for (int i = 6; i < argc; i++)
        if (strcmp(argv[i], name) == 0) return true;
    return false;
}

int main(int argc, char **argv)
{
    bool thin = has_option(argc, argv, "--thin"), recompute = has_option(argc, argv, "--recompute"), profiled = has_option(argc, argv, "--profile");
    if (argc < 6 || argc != 6 + thin + recompute + profiled) {
        fprintf(stderr, "bench_train DEPTH K BATCH THREADS STEPS [--thin] [--recompute] [--profile]\n");
        return 1;
    }
    const wrn_train_network network = { .depth = atoi(argv[1]), .k = atof(argv[2]), .block = thin ? "1,3,1" : "3,3", .bottleneck = thin ? 4 : 1 };
    wrn_train_options options = WRN_TRAIN_OPTIONS_INIT;
    struct wrnt_net_options how = { .threads = atoi(argv[4]), .recompute = recompute };
    struct wrnt_recipe recipe;
    struct wrnt_arch arch;
    struct wrnt_net *net = NULL;
    struct profile profile = { 0 };
    wrn_error error;
    float *input = NULL;
    int32_t *labels = NULL;
    options.batch = how.batch = atoi(argv[3]);
    wrn_status status = wrnt_recipe_make(&options, &recipe, &error);
    if (status == WRN_OK) status = wrnt_arch_make(&network, 10, &arch, &error);
    if (status == WRN_OK) status = wrnt_net_create(&arch, &how, &net, &error);
    if (status == WRN_OK) {
        wrnt_net_initialize(net, 0);
        input = calloc((size_t)net->batch * net->tensors[0].layout.image + 16, sizeof *input);
        labels = calloc((size_t)net->batch, sizeof *labels);
        profile.net = net;
        if (profiled) profile.seconds = calloc((size_t)net->op_count, sizeof *profile.seconds);
    }
    if (input && labels) {
        const struct wrnt_batch batch = { .input = input, .labels = labels, .images = net->batch, .of = net->batch };
        fill(net, input, labels);
        measure(net, &recipe, batch, atoi(argv[5]), &profile);
    } else {
        fprintf(stderr, "bench_train: %s\n", status == WRN_OK ? "no memory" : error.message);
    }
    free(profile.seconds);
    free(input);
    free(labels);
    wrnt_net_free(net);
    return status != WRN_OK || !input || !labels;
}
