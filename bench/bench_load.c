/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a load and an inference cost a fresh process:
 *   bench_load MODEL [map] [MEMORY_LIMIT_MB]
 * One thread, batch 1. Prints one line of JSON: milliseconds of the load and of the first inference, and the peak of
 * resident memory in kB before the load, after it, and at the end.
 */
#include "wrn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return 1e3 * (double)time.tv_sec + 1e-6 * (double)time.tv_nsec;
}

static long peak_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

int main(int argc, char **argv)
{
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_model *model = NULL;
    wrn_error error = {0};
    float *input = NULL, *output = NULL;

    if (argc < 2) {
        fprintf(stderr, "bench_load MODEL [map] [MEMORY_LIMIT_MB]\n");
        return 2;
    }
    options.threads = 1;
    options.pass_batch = 1;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "map") == 0) options.flags |= WRN_LOAD_MMAP;
        else options.memory_limit = strtoull(argv[i], NULL, 10) << 20;
    }

    long before = peak_kb();
    double start = now_ms();
    wrn_status status = wrn_load(argv[1], &options, &model, &error);
    double loaded = now_ms();
    long after = peak_kb();
    if (status == WRN_OK) status = wrn_model_get_info(model, &info, &error);
    if (status == WRN_OK) {
        input = calloc(info.input_size, sizeof *input);
        output = calloc(info.output_size, sizeof *output);
        status = input && output ? wrn_infer(model, 1, input, info.input_size, output, info.output_size, &error) : WRN_E_NOMEM;
    }
    double inferred = now_ms();
    if (status == WRN_OK)
        printf("{\"load_ms\": %.2f, \"first_ms\": %.2f, \"before_kb\": %ld, \"loaded_kb\": %ld, \"peak_kb\": %ld}\n",
               loaded - start, inferred - loaded, before, after, peak_kb());
    else
        fprintf(stderr, "%s: %s\n", wrn_status_name(status), error.message);
    free(output);
    free(input);
    wrn_free(model);
    return status != WRN_OK;
}
