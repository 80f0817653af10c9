/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns test cases, folders with model.onnx, input.npy and output.npy, into .wrn files that carry input and output as
 * golden vectors: what a build without the ONNX importer, for another CPU, can load and check by itself.
 *     golden_make OUTPUT_DIRECTORY CASE_DIRECTORY...
 */
#include "npy_file.h"
#include "wrn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool convert_case(const char *directory, const char *to)
{
    char model[1024], input_path[1024], output_path[1024], path[1024];
    struct npy_file input, output = { 0 };
    wrn_error error;
    bool ok = false;

    snprintf(model, sizeof model, "%s/model.onnx", directory);
    snprintf(input_path, sizeof input_path, "%s/input.npy", directory);
    snprintf(output_path, sizeof output_path, "%s/output.npy", directory);
    const char *slash = strrchr(directory, '/');
    snprintf(path, sizeof path, "%s/%s.wrn", to, slash ? slash + 1 : directory);
    if (!npy_read_file(input_path, &input) || !npy_read_file(output_path, &output)) {
        fprintf(stderr, "%s: input.npy or output.npy cannot be read\n", directory);
        npy_file_free(&input);
        return false;
    }
    float *golden_input = npy_floats(&input), *golden_output = npy_floats(&output);

    wrn_convert_options options = WRN_CONVERT_OPTIONS_INIT;
    options.golden_batch = (int32_t)input.dims[0];
    options.golden_input = golden_input;
    options.golden_output = golden_output;
    options.golden_tolerance = 1e-4;
    if (input.rank == 4) { /* sizes that the file leaves open; NHWC where the last side is the small one */
        int nhwc = input.dims[3] < input.dims[1];
        options.height = (int32_t)input.dims[nhwc ? 1 : 2];
        options.width = (int32_t)input.dims[nhwc ? 2 : 3];
    }
    if (wrn_convert(model, path, &options, &error) == WRN_OK) ok = true;
    else fprintf(stderr, "%s\n", error.message);

    free(golden_input);
    free(golden_output);
    npy_file_free(&input);
    npy_file_free(&output);
    return ok;
}

int main(int count, char **arguments)
{
    int failed = count < 3;
    for (int i = 2; i < count; i++) failed += !convert_case(arguments[i], arguments[1]);
    printf("%d cases, %d failed\n", count - 2, failed);
    return failed != 0;
}
