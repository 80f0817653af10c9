/* SPDX-License-Identifier: Apache-2.0 */
/* wrn convert: between model files, adding what ONNX has no place for. */
#include "c_array.h"
#include "commands.h"
#include "input_file.h"
#include "model_open.h"
#include "npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conversion {
    const char *labels_file, *golden_input, *golden_output, *array;
    struct texts properties, pack;
    struct preprocess_options given;
    struct size size;
    int32_t golden_count;
    const char *at_fault; /* the file that an error is about; NULL: none */
    /* what the library's options point to */
    char *labels_text;
    const char **labels;
    char *keys[64];
    const char *values[64];
    char pack_text[1024];
    wrn_preprocess preprocess;
    struct npy input, output;
};

/* One label a line; the newline after the last one may be missing. */
static bool read_labels(struct conversion *c, wrn_convert_options *convert, wrn_error *error)
{
    size_t size = 0;
    int32_t count = 0;
    c->at_fault = c->labels_file;
    if (!input_read_all(c->labels_file, 1 << 24, (uint8_t **)&c->labels_text, &size, error)) return false;
    if (strlen(c->labels_text) != size)
        return fail_with(error, WRN_E_FORMAT, "holds a NUL byte, so it is no list of labels");
    c->labels = malloc((size + 1) * sizeof *c->labels);
    if (!c->labels) return fail_with(error, WRN_E_NOMEM, "no memory for the labels");
    for (char *line = c->labels_text; *line;) {
        size_t length = strcspn(line, "\n");
        char *next = line + length + (line[length] == '\n');
        line[length] = 0;
        if (length > 0 && line[length - 1] == '\r') line[length - 1] = 0;
        c->labels[count++] = line;
        line = next;
    }
    if (count == 0) return fail_with(error, WRN_E_FORMAT, "holds no labels");
    convert->labels = c->labels;
    convert->label_count = count;
    return true;
}

static bool split_properties(struct conversion *c, wrn_convert_options *convert, wrn_error *error)
{
    c->at_fault = NULL;
    for (int32_t i = 0; i < c->properties.count; i++) {
        const char *text = c->properties.items[i], *equals = strchr(text, '=');
        if (!equals || equals == text) return fail_with(error, WRN_E_ARG, "--property: '%s' is not KEY=VALUE", text);
        c->keys[i] = strndup(text, (size_t)(equals - text));
        c->values[i] = equals + 1;
        if (!c->keys[i]) return fail_with(error, WRN_E_NOMEM, "no memory for the properties");
    }
    convert->property_count = c->properties.count;
    convert->property_keys = (const char *const *)c->keys;
    convert->property_values = c->values;
    return true;
}

/* The parts, separated by semicolons. */
static bool join_pack(struct conversion *c, wrn_convert_options *convert, wrn_error *error)
{
    size_t used = 0;
    c->at_fault = NULL;
    for (int32_t i = 0; i < c->pack.count; i++) {
        int length = snprintf(c->pack_text + used, sizeof c->pack_text - used, "%s%s", i ? ";" : "", c->pack.items[i]);
        if (length < 0 || (size_t)length >= sizeof c->pack_text - used) return fail_with(error, WRN_E_ARG, "--pack: too long");
        used += (size_t)length;
    }
    if (c->pack.count) convert->pack = c->pack_text;
    return true;
}

static bool read_golden(struct conversion *c, const wrn_model_info *info, wrn_convert_options *convert,
                        wrn_error *error)
{
    c->at_fault = NULL;
    if (!c->golden_input || !c->golden_output)
        return fail_with(error, WRN_E_ARG, "--golden-input and --golden-output go together");
    c->at_fault = c->golden_input;
    if (!npy_read(c->golden_input, &c->input, error) || !npy_images(&c->input, info, &convert->golden_batch, error))
        return false;
    c->at_fault = c->golden_output;
    if (!npy_read(c->golden_output, &c->output, error)) return false;
    if (c->output.count != (uint64_t)convert->golden_batch * info->output_size)
        return fail_with(error, WRN_E_SHAPE, "holds %zu numbers where %d images of %llu outputs are wanted",
                         c->output.count, convert->golden_batch, (unsigned long long)info->output_size);
    if (c->golden_count && c->golden_count < convert->golden_batch) convert->golden_batch = c->golden_count;
    convert->golden_input = c->input.values;
    convert->golden_output = c->output.values;
    return true;
}

/* What depends on the network's input size, which only a loaded model tells. */
static bool prepare_with_model(struct conversion *c, const char *path, wrn_convert_options *convert, wrn_error *error)
{
    const struct model_options options = { .threads = 1, .size = c->size };
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_model *model;
    c->at_fault = path;
    if (!model_open(path, &options, &model, error)) return false;
    bool done = wrn_model_get_info(model, &info, error) == WRN_OK;
    if (done && preprocess_given(&c->given)) {
        done = preprocess_resolve(path, model, &c->given, &c->preprocess, error);
        convert->preprocess = &c->preprocess;
    }
    if (done && (c->golden_input || c->golden_output)) done = read_golden(c, &info, convert, error);
    wrn_free(model);
    return done;
}

static bool prepare(struct conversion *c, const char *path, wrn_convert_options *convert, wrn_error *error)
{
    convert->height = c->size.height;
    convert->width = c->size.width;
    if (c->labels_file && !read_labels(c, convert, error)) return false;
    if (!split_properties(c, convert, error) || !join_pack(c, convert, error)) return false;
    bool needs_model = preprocess_given(&c->given) || c->golden_input || c->golden_output;
    return !needs_model || prepare_with_model(c, path, convert, error);
}

static void release(struct conversion *c)
{
    for (int32_t i = 0; i < c->properties.count; i++)
        free(c->keys[i]);
    free(c->labels);
    free(c->labels_text);
    npy_free(&c->input);
    npy_free(&c->output);
}

int cmd_convert(int argc, char **argv)
{
    struct conversion c = { .given = PREPROCESS_OPTIONS_INIT };
    bool fp16 = false, fp32 = false;
    wrn_convert_options convert = WRN_CONVERT_OPTIONS_INIT;
    const struct option options[] = {
        OPTION_FLAG("fp16", "weights of half precision: half the file", &fp16),
        OPTION_FLAG("fp32", "weights of single precision", &fp32),
        OPTION_TEXTS("pack", "ISA[,ALG...]", "pack weights for mapped loads: auto, avx2,f4; repeatable", &c.pack),
        OPTION_TEXT("c-array", "NAME", "write C source: the .wrn file as an array of this name", &c.array),
        OPTION_TEXT("labels", "FILE", "the names of the classes, one a line", &c.labels_file),
        OPTION_TEXTS("property", "KEY=VALUE", "a text to keep, such as license=MIT; may be repeated", &c.properties),
        OPTION_TEXT("golden-input", "I.npy", "an input and its output to keep, for --verify", &c.golden_input),
        OPTION_TEXT("golden-output", "O.npy", "of the golden input", &c.golden_output),
        OPTION_INTEGER("golden-count", "N", "keep the first N images of them", &c.golden_count, 1, 65536),
        OPTION_NUMBER("golden-tolerance", "T", "relative error accepted (default 1e-4)", &convert.golden_tolerance, 0, 1),
        OPTION_SIZE("size", "HxW", "the network's input size, where the file leaves it open", &c.size),
        PREPROCESS_OPTION_ROWS(c.given),
        { 0 },
    };
    const struct usage usage = {
        .command = "convert",
        .arguments = "IN OUT",
        .text = "From .onnx or .wrn to .wrn or .onnx, by OUT's ending. What is not given stays.",
        .min_arguments = 2,
        .max_arguments = 2,
        .options = options,
    };
    wrn_error error;
    int status;

    if (!options_parse(&usage, &argc, argv, &status)) return status;
    if (fp16 && fp32) return complain("--fp16 and --fp32 exclude each other");
    convert.weights = fp16 ? WRN_DTYPE_F16 : fp32 ? WRN_DTYPE_F32 : WRN_DTYPE_KEEP;
    bool done = (!c.array || c_array_name(c.array, &error)) && prepare(&c, argv[0], &convert, &error);
    if (done) {
        c.at_fault = argv[0];
        done = c.array ? c_array_convert(argv[0], argv[1], &convert, c.array, &error)
                       : wrn_convert(argv[0], argv[1], &convert, &error) == WRN_OK;
    }
    release(&c);
    /* The library names the output where it is about that. */
    return done ? 0 : report(message_names(&error, argv[1]) ? argv[1] : c.at_fault, &error);
}
