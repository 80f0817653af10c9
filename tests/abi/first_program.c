/* SPDX-License-Identifier: Apache-2.0 */
/* A program of the first version: built with that header, it runs with the library of today.
 *     first_program MODEL SCRATCH_FILE */
#include "wrn_first.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("%d: %s: %s\n", __LINE__, #condition, error.message); \
            return 1; \
        } \
    } while (0)

static int32_t asked;

static int32_t cancel(void *user) { return asked++, user != NULL; }

static void *take(void *user, size_t size, size_t alignment)
{
    void *memory = NULL;
    ++*(long *)user;
    return posix_memalign(&memory, alignment < sizeof memory ? sizeof memory : alignment, size) ? NULL : memory;
}

static void give(void *user, void *memory)
{
    --*(long *)user;
    free(memory);
}

int main(int argc, char **argv)
{
    wrn_error error = { 0 };
    wrn_model *model;
    wrn_session *session;
    long blocks = 0;
    struct {
        wrn_model_info info;
        wrn_step_info step;
        uint64_t after; /* the library writes up to the sizes of that time, not to those of today */
    } seen = { WRN_MODEL_INFO_INIT, WRN_STEP_INFO_INIT, 0x0123456789abcdef };
    wrn_feature_info feature = WRN_FEATURE_INFO_INIT;
    wrn_preprocess preprocess = WRN_PREPROCESS_INIT;
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_convert_options convert = WRN_CONVERT_OPTIONS_INIT;
    if (argc != 3) return 2;

    options.threads = 2;
    options.features = "pool";
    options.alloc = take;
    options.free = give;
    options.alloc_user = &blocks;
    options.cancel = cancel;
    CHECK(wrn_load(argv[1], &options, &model, &error) == WRN_OK && blocks > 0 && asked > 0);
    CHECK(wrn_model_get_info(model, &seen.info, &error) == WRN_OK && seen.info.input_size == 3 * 32 * 32 && seen.info.output_size == 10);
    for (int32_t i = 0; i < seen.info.step_count; i++)
        CHECK(wrn_model_step(model, i, &seen.step, &error) == WRN_OK && strlen(seen.step.op) > 0 && strlen(seen.step.refused) < 1000);
    CHECK(seen.after == 0x0123456789abcdef);
    CHECK(wrn_model_feature(model, seen.info.feature_count - 1, &feature, &error) == WRN_OK && feature.available == 1);
    CHECK(wrn_model_get_preprocess(model, &preprocess, &error) == WRN_OK && preprocess.crop_height == 32);
    CHECK(strcmp(wrn_model_label(model, 3), "cat") == 0 && strcmp(wrn_model_property(model, "format"), "wrn") == 0);

    float input[3 * 32 * 32], output[10], again[10], probabilities[10], pool[1024], sum = 0;
    for (int i = 0; i < 3 * 32 * 32; i++) input[i] = (float)(i * 7919 % 1000) / 500 - 1;
    CHECK(feature.size <= 1024 && wrn_infer(model, 1, input, 3 * 32 * 32, output, 10, &error) == WRN_OK);
    CHECK(wrn_session_create(model, &session, &error) == WRN_OK && wrn_session_profile(session, 1, &error) == WRN_OK);
    const char *names[] = { "output", "pool" };
    float *outputs[] = { again, pool };
    size_t counts[] = { 10, (size_t)feature.size };
    CHECK(wrn_session_infer_named(session, 1, input, 3 * 32 * 32, 2, names, outputs, counts, &error) == WRN_OK);
    CHECK(memcmp(output, again, sizeof output) == 0 && wrn_session_step_seconds(session, 0) > 0);
    CHECK(wrn_probabilities(model, output, 10, probabilities, &error) == WRN_OK);
    for (int i = 0; i < 10; i++) sum += probabilities[i];
    CHECK(sum > 0.999f && sum < 1.001f);

    uint8_t pixels[20 * 20 * 3];
    wrn_prediction top[2];
    memset(pixels, 128, sizeof pixels);
    CHECK(wrn_classify(model, pixels, 20, 20, 60, WRN_PIXELS_RGB, 2, top, &error) == WRN_OK && top[0].probability >= top[1].probability);
    wrn_session_free(session);
    wrn_free(model);
    CHECK(blocks == 0);

    convert.weights = WRN_DTYPE_F16;
    convert.format = WRN_FORMAT_WRN;
    CHECK(wrn_convert(argv[1], argv[2], &convert, &error) == WRN_OK);
    CHECK(wrn_load(argv[2], NULL, &model, &error) == WRN_OK && remove(argv[2]) == 0);
    wrn_free(model);
    CHECK(wrn_load("no such file", NULL, &model, &error) == WRN_E_IO && !model && strstr(error.message, "no such file"));
    return 0;
}
