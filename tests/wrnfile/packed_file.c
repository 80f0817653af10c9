/* SPDX-License-Identifier: Apache-2.0 */
#include "packed_file.h"

#include "make_graph.h"
#include "test.h"
#include "wrnfile_bytes.h"

char *packed_plain_file(void)
{
    static float input[PACKED_INPUT], output[PACKED_CLASSES];
    double expected[PACKED_CLASSES];
    struct make_graph o = make_graph_small();
    uint32_t state = 7;
    char *path = temporary_path("plain.wrn");
    o.width_of_first = 16;
    o.blocks = 2;
    struct wrn_graph *g = make_graph(&o);
    for (size_t i = 0; i < PACKED_INPUT; i++) input[i] = random_float(&state);
    reference_infer(g, 1, input, -1, expected);
    for (size_t i = 0; i < PACKED_CLASSES; i++) output[i] = (float)expected[i];
    g->golden = (struct wrn_golden){ .batch = 1, .tolerance = 1e-4, .input = input, .output = output };
    assert_ok(wrn_wrnfile_write(g, NULL, path, &test_error));
    wrn_graph_free(g);
    return path;
}

char *packed_file(const char *plain, const char *pack, const char *name)
{
    wrn_convert_options o = WRN_CONVERT_OPTIONS_INIT;
    char *path = temporary_path(name);
    o.pack = pack;
    assert_ok(wrn_convert(plain, path, &o, &test_error));
    return path;
}

wrn_status packed_run(wrn_model *model, struct packed_result *r, wrn_error *error)
{
    float input[PACKED_BATCH * PACKED_INPUT];
    uint32_t state = 3;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_step_info step = WRN_STEP_INFO_INIT;
    memset(r, 0, sizeof *r);
    for (size_t i = 0; i < sizeof input / sizeof input[0]; i++) input[i] = random_float(&state);
    assert_ok(wrn_model_get_info(model, &info, &test_error));
    for (int32_t i = 0; i < info.step_count; i++) {
        assert_ok(wrn_model_step(model, i, &step, &test_error));
        r->convs += step.algorithm[0] != 0;
        r->in_file += step.in_file;
        size_t used = strlen(r->algorithms);
        snprintf(r->algorithms + used, sizeof r->algorithms - used, "%s ", step.algorithm);
    }
    r->bytes = info.model_bytes + info.session_bytes;
    size_t inputs = PACKED_BATCH * (size_t)info.input_size;
    assert_true(inputs <= sizeof input / sizeof input[0]);
    return wrn_infer(model, PACKED_BATCH, input, inputs, r->output, PACKED_BATCH * PACKED_CLASSES, error);
}

wrn_status packed_load(const char *path, const struct image *image, const wrn_load_options *options, struct packed_result *r, wrn_error *error)
{
    wrn_model *model = NULL;
    wrn_status status = path ? wrn_load(path, options, &model, error)
                             : wrn_load_memory(image->data, image->size, options, &model, error);
    if (status == WRN_OK) status = packed_run(model, r, error);
    wrn_free(model);
    return status;
}

uint8_t *packed_entry(const struct image *image, const char *name)
{
    uint8_t *entry = bytes_entry(image->data, image->size, name);
    if (!entry) abort();
    return entry;
}

uint8_t *packed_head(const struct image *image) { return image->data + bytes_get(packed_entry(image, "packed") + 24, 8); }

void packed_reseal(struct image *image)
{
    uint8_t *head = packed_head(image);
    uint64_t size = 64 + bytes_get(head + 4, 4) * bytes_get(head + 8, 4);
    bytes_put(head + 28, 0, 4);
    if (size <= image->size - (size_t)(head - image->data)) bytes_put(head + 28, wrn_crc32c(0, head, (size_t)size), 4);
    reseal(image->data, image->size);
}
