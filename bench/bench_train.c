/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seconds that training steps take, on random images: forward, backward and the update of the weights.
 *   bench_train DEPTH K BATCH THREADS STEPS
 * prints one line a step: seconds of wall time, and of all threads' CPU time. The first is a step too many, to warm up.
 */
#include "train_random.h"
#include "train_recipe.h"

#include <stdio.h>
#include <stdlib.h>
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

static void measure(struct wrnt_net *net, const struct wrnt_recipe *recipe, const struct wrnt_batch *batch, int steps)
{
    for (int i = 0; i <= steps; i++) {
        struct wrnt_result result;
        double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
        wrnt_net_step(net, batch, &result);
        wrnt_recipe_update(recipe, 0.01, net);
        wall = now(CLOCK_MONOTONIC) - wall, cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        if (i > 0) printf("%.6f %.6f\n", wall, cpu);
    }
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "bench_train DEPTH K BATCH THREADS STEPS\n");
        return 1;
    }
    const wrn_train_network network = { .depth = atoi(argv[1]), .k = atof(argv[2]) };
    wrn_train_options options = WRN_TRAIN_OPTIONS_INIT;
    struct wrnt_recipe recipe;
    struct wrnt_arch arch;
    struct wrnt_net *net = NULL;
    wrn_error error;
    float *input = NULL;
    int32_t *labels = NULL;
    options.batch = atoi(argv[3]);
    wrn_status status = wrnt_recipe_make(&options, &recipe, &error);
    if (status == WRN_OK) status = wrnt_arch_make(&network, 10, &arch, &error);
    if (status == WRN_OK) status = wrnt_net_create(&arch, &(struct wrnt_net_options){ .batch = recipe.batch, .threads = atoi(argv[4]) }, &net, &error);
    if (status == WRN_OK) {
        wrnt_net_initialize(net, 0);
        input = calloc((size_t)net->batch * net->tensors[0].layout.image + 16, sizeof *input);
        labels = calloc((size_t)net->batch, sizeof *labels);
    }
    if (input && labels) {
        const struct wrnt_batch batch = { .input = input, .labels = labels, .images = net->batch, .of = net->batch };
        fill(net, input, labels);
        measure(net, &recipe, &batch, atoi(argv[5]));
    } else {
        fprintf(stderr, "bench_train: %s\n", status == WRN_OK ? "no memory" : error.message);
    }
    free(input);
    free(labels);
    wrnt_net_free(net);
    return status != WRN_OK || !input || !labels;
}
