/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every network of a folder, with each instruction set that this CPU has and each algorithm forced in turn, against
 * logits computed in float64: the relative L2 error of a batch must stay within `LIMIT`. The folder is given by the
 * environment variable WRN_NETWORKS and holds NAME.onnx, NAME.input.npy and NAME.logits.npy; scripts/export_networks.sh
 * makes such a folder. Prints one line per network, instruction set and algorithm.
 */
#include "npy_file.h"
#include "test.h"
#include "wrn.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 2e-5
#define REFERENCE_MACS 400000000u /* the naive reference takes about a second for as many */

static const char *const isa_names[] = {"auto", "c", "avx2", "avx512", "neon"};
static const char *const algorithms[] = {NULL, "direct", "winograd2", "winograd4", "winograd4lean", "winograd6", "winograd4s2"};

struct network {
    char name[256], onnx[4096];
    struct npy_file input, logits;
};

static bool open_network(const char *folder, const char *file, struct network *network)
{
    char path[4096];
    memset(network, 0, sizeof *network);
    snprintf(network->name, sizeof network->name, "%.*s", (int)(strlen(file) - strlen(".onnx")), file);
    snprintf(network->onnx, sizeof network->onnx, "%s/%s", folder, file);
    snprintf(path, sizeof path, "%s/%s.input.npy", folder, network->name);
    if (!npy_read_file(path, &network->input)) return false;
    snprintf(path, sizeof path, "%s/%s.logits.npy", folder, network->name);
    if (npy_read_file(path, &network->logits)) return true;
    npy_file_free(&network->input);
    return false;
}

static double relative_l2(const float *values, const struct npy_file *reference)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < reference->count; i++) {
        double d = values[i] - reference->values[i];
        difference += d * d;
        norm += reference->values[i] * reference->values[i];
    }
    return sqrt(difference / norm);
}

/* The error, or -1 where the CPU lacks the instruction set or the reference would take too long. */
static double measure(const struct network *network, int32_t isa, const char *algorithm)
{
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_model *model;
    wrn_error error;
    double l2 = -1;

    options.isa = isa;
    options.algorithm = algorithm;
    wrn_status status = wrn_load(network->onnx, &options, &model, &error);
    if (status == WRN_E_UNSUPPORTED && isa != WRN_ISA_C) return -1;
    if (status != WRN_OK) fail_msg("%s: %s", network->name, error.message);
    assert_int_equal(wrn_model_get_info(model, &info, &error), WRN_OK);
    if (isa != WRN_ISA_C || info.macs < REFERENCE_MACS) {
        int32_t batch = (int32_t)network->input.dims[0];
        float *input = npy_floats(&network->input);
        float *output = malloc(network->logits.count * sizeof *output);
        assert_non_null(input);
        assert_non_null(output);
        status = wrn_infer(model, batch, input, network->input.count, output, network->logits.count, &error);
        if (status != WRN_OK) fail_msg("%s: %s", network->name, error.message);
        l2 = relative_l2(output, &network->logits);
        free(output);
        free(input);
    }
    wrn_free(model);
    return l2;
}

static int check_network(const struct network *network)
{
    int failures = 0;
    for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++) {
        size_t count = isa == WRN_ISA_C ? 1 : sizeof algorithms / sizeof *algorithms;
        for (size_t i = 0; i < count; i++) {
            double l2 = measure(network, isa, algorithms[i]);
            if (l2 < 0) break;
            bool good = l2 <= LIMIT;
            printf("%-16s %-7s %-10s %.2e%s\n", network->name, isa_names[isa], algorithms[i] ? algorithms[i] : "(chosen)", l2,
                   good ? "" : "  too much");
            fflush(stdout);
            failures += !good;
        }
    }
    return failures;
}

static void test_all_networks(void **state)
{
    const char *folder = *state;
    int failures = 0, networks = 0;
    DIR *dir = opendir(folder);
    if (!dir) fail_msg("WRN_NETWORKS: no folder %s", folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *ending = strrchr(entry->d_name, '.');
        struct network network;
        if (!ending || strcmp(ending, ".onnx") != 0 || !open_network(folder, entry->d_name, &network)) continue;
        failures += check_network(&network);
        networks++;
        npy_file_free(&network.input);
        npy_file_free(&network.logits);
    }
    closedir(dir);
    if (!networks) fail_msg("no networks with inputs and logits in %s", folder);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const char *folder = getenv("WRN_NETWORKS");
    if (!folder) {
        fprintf(stderr, "WRN_NETWORKS names no folder of exported networks (scripts/export_networks.sh makes one)\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(test_all_networks, (void *)folder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
