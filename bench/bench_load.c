/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a load and an inference cost a fresh process:
 *   bench_load MODEL [map] [pass8] [wait] [MEMORY_LIMIT_MB]
 * One thread, one image, in passes of one (pass8: of eight, the default, which weights are packed for ahead of time). Prints
 * one line of JSON: milliseconds of the load and of the first inference, and kB of memory: the peak of what is resident
 * before the load, after it, and at the end; and at the end what is the process's own, and its share of what it shares.
 * wait: says "ready" when all is done, prints after a line of input, and ends after another, so that processes can overlap.
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

/* A line of the kernel's sum over all mappings, in kB; 0 where there is none. */
static long mapped_kb(const char *name)
{
    char line[128];
    long kb = 0;
    FILE *f = fopen("/proc/self/smaps_rollup", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, name, strlen(name)) == 0) kb += strtol(line + strlen(name), NULL, 10);
    if (f) fclose(f);
    return kb;
}

static void wait_for_line(void)
{
    int c = getchar();
    while (c != EOF && c != '\n') c = getchar();
}

int main(int argc, char **argv)
{
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_model *model = NULL;
    wrn_error error = {0};
    float *input = NULL, *output = NULL;
    int wait = 0;

    if (argc < 2) {
        fprintf(stderr, "bench_load MODEL [map] [pass8] [wait] [MEMORY_LIMIT_MB]\n");
        return 2;
    }
    options.threads = 1;
    options.pass_batch = 1;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "map") == 0) options.flags |= WRN_LOAD_MMAP;
        else if (strcmp(argv[i], "pass8") == 0) options.pass_batch = 8;
        else if (strcmp(argv[i], "wait") == 0) wait = 1;
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
    if (wait) {
        puts("ready");
        fflush(stdout);
        wait_for_line();
    }
    if (status == WRN_OK)
        printf("{\"load_ms\": %.2f, \"first_ms\": %.2f, \"before_kb\": %ld, \"loaded_kb\": %ld, \"peak_kb\": %ld, "
               "\"private_kb\": %ld, \"pss_kb\": %ld}\n",
               loaded - start, inferred - loaded, before, after, peak_kb(), mapped_kb("Private_Clean:") + mapped_kb("Private_Dirty:"),
               mapped_kb("Pss:"));
    else
        fprintf(stderr, "%s: %s\n", wrn_status_name(status), error.message);
    fflush(stdout);
    if (wait) wait_for_line();
    free(output);
    free(input);
    wrn_free(model);
    return status != WRN_OK;
}
