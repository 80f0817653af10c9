/* SPDX-License-Identifier: Apache-2.0 */
/* Loads .wrn files, lets the library compare its output with the golden vectors they carry, on every instruction set
 * that this CPU has, on one thread and on two.
 *     golden_check DIRECTORY... */
#include "wrn.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static wrn_status check(const char *path, int32_t isa, int32_t threads, wrn_error *error)
{
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model *model;
    options.flags = WRN_LOAD_VERIFY;
    options.isa = isa;
    options.threads = threads;
    wrn_status status = wrn_load(path, &options, &model, error);
    wrn_free(model);
    return status;
}

struct counts {
    int files, checks, vector_checks, failed;
};

static void check_file(const char *path, struct counts *counts)
{
    static const int32_t sets[] = { WRN_ISA_C, WRN_ISA_AVX2, WRN_ISA_AVX512, WRN_ISA_NEON };
    counts->files++;
    for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++) {
        for (int32_t threads = 1; threads <= 2; threads++) {
            wrn_error error;
            wrn_status status = check(path, sets[s], threads, &error);
            if (status == WRN_E_UNSUPPORTED && sets[s] != WRN_ISA_C) continue; /* not on this CPU */
            counts->checks++;
            counts->vector_checks += sets[s] != WRN_ISA_C;
            if (status == WRN_OK) continue;
            counts->failed++;
            printf("%s: isa %d, threads %d: %s: %s\n", path, sets[s], threads, wrn_status_name(status), error.message);
        }
    }
}

int main(int count, char **arguments)
{
    struct counts counts = { 0, 0, 0, 0 };
    for (int i = 1; i < count; i++) {
        DIR *directory = opendir(arguments[i]);
        if (!directory) continue;
        for (struct dirent *entry; (entry = readdir(directory));) {
            char path[1024];
            size_t length = strlen(entry->d_name);
            if (length < 4 || strcmp(entry->d_name + length - 4, ".wrn") != 0) continue;
            snprintf(path, sizeof path, "%s/%s", arguments[i], entry->d_name);
            check_file(path, &counts);
        }
        closedir(directory);
    }
    printf("%d files, %d checks, %d of them with vector kernels, %d failed\n", counts.files, counts.checks,
           counts.vector_checks, counts.failed);
    return counts.failed || counts.checks == 0;
}
