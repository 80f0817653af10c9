/* SPDX-License-Identifier: Apache-2.0 */
/* wrn info: what a model is, and how it would be run. */
#include "commands.h"
#include "json_out.h"
#include "model_open.h"
#include "term.h"
#include "text.h"
#include "timing.h"

#include <string.h>

static const char *const layout_words[] = { "NCHW", "NHWC" };
static const char *const output_words[] = { "logits", "probabilities", "log-probabilities" };
static const char *const pixel_words[] = { "?", "rgb", "bgr", "rgba", "bgra", "grey" };

/* "1.3 MB" and the like, in one of a few buffers so that a printf may take several. */
static const char *amount(double number, const char *unit)
{
    static char buffers[4][32];
    static int next;
    static const char *const prefixes[] = { "", "k", "M", "G", "T" };
    char *to = buffers[next++ % 4];
    int prefix = 0;
    for (; number >= 1000 && prefix < 4; prefix++)
        number /= 1000;
    snprintf(to, sizeof buffers[0], prefix ? "%.2f %s%s" : "%.0f %s%s", number, prefixes[prefix], unit);
    return to;
}

static void heading(const char *text)
{
    term_style(stdout, STYLE_DIM);
    printf("  %-14s", text);
    term_style(stdout, STYLE_PLAIN);
}

static void print_preprocess(const wrn_preprocess *p, int32_t channels)
{
    heading("preprocessing");
    fputs(pixel_words[p->channel_order], stdout);
    if (p->resize == WRN_RESIZE_STRETCH)
        printf(", stretch to %dx%d (%s)", p->resize_height, p->resize_width, filter_words[p->filter]);
    if (p->resize == WRN_RESIZE_SHORTER) printf(", shorter side to %d (%s)", p->resize_height, filter_words[p->filter]);
    printf(", centre %dx%d, 0-%g, mean", p->crop_height, p->crop_width, (double)p->scale_to);
    for (int32_t c = 0; c < channels; c++)
        printf(" %g", (double)p->mean[c]);
    fputs(", std", stdout);
    for (int32_t c = 0; c < channels; c++)
        printf(" %g", (double)p->std[c]);
    fputc('\n', stdout);
}

static void print_labels(const wrn_model *model, int32_t count)
{
    const int32_t shown = 10;
    heading("labels");
    for (int32_t i = 0; i < count && i < shown; i++) {
        if (i > 0) fputs(", ", stdout);
        text_print(stdout, wrn_model_label(model, i));
    }
    if (count > shown) printf(", ... (%d)", count);
    if (count == 0) fputs("none", stdout);
    fputc('\n', stdout);
}

static void print_features(const wrn_model *model, int32_t count)
{
    heading("feature maps");
    for (int32_t i = 0; i < count; i++) {
        wrn_feature_info f = WRN_FEATURE_INFO_INIT;
        if (wrn_model_feature(model, i, &f, NULL) != WRN_OK) continue;
        printf("%s%s %dx%dx%d", i ? ", " : "", f.name, f.channels, f.height, f.width);
    }
    fputs(count ? "\n" : "none\n", stdout);
}

static bool shown_elsewhere(const char *key)
{
    return strcmp(key, "architecture") == 0 || strcmp(key, "block") == 0 || strcmp(key, "family") == 0;
}

static void print_properties(const wrn_model *model)
{
    const char *key;
    for (int32_t i = 0; (key = wrn_model_property_key(model, i)); i++) {
        if (shown_elsewhere(key)) continue;
        term_style(stdout, STYLE_DIM);
        fputs("  ", stdout);
        text_print_padded(stdout, key, 13);
        term_style(stdout, STYLE_PLAIN);
        fputc(' ', stdout);
        text_print(stdout, wrn_model_property(model, key));
        fputc('\n', stdout);
    }
}

static void print_property(const wrn_model *model, const char *key, const char *before)
{
    const char *value = wrn_model_property(model, key);
    if (!value || !value[0]) return;
    fputs(before, stdout);
    text_print(stdout, value);
}

static void print_info(const char *path, const wrn_model *model, const wrn_model_info *info, bool verified)
{
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    term_style(stdout, STYLE_BOLD);
    text_print(stdout, path);
    term_style(stdout, STYLE_PLAIN);
    fputc('\n', stdout);
    heading("architecture");
    print_property(model, "architecture", "");
    print_property(model, "block", ", ");
    print_property(model, "family", ", ");
    fputc('\n', stdout);
    heading("input");
    printf("%d x %d x %d, %s\n", info->input_channels, info->input_height, info->input_width,
           layout_words[info->input_layout]);
    heading("output");
    if (info->output_rank == 3)
        printf("%d x %d x %d\n", info->output_dims[0], info->output_dims[1], info->output_dims[2]);
    else
        printf("%d %s\n", info->output_dims[0], output_words[info->output_kind]);
    heading("parameters");
    printf("%llu\n", (unsigned long long)info->parameters);
    heading("work");
    printf("%s multiply-adds an image\n", amount((double)info->macs, ""));
    heading("memory");
    printf("%s the model, %s each session\n", amount((double)info->model_bytes, "B"),
           amount((double)info->session_bytes, "B"));
    heading("runs with");
    printf("%s, %d thread%s, %d image%s a pass\n", isa_words[info->isa], info->threads, info->threads == 1 ? "" : "s",
           info->pass_batch, info->pass_batch == 1 ? "" : "s");
    if (info->has_preprocess && wrn_model_get_preprocess(model, &p, NULL) == WRN_OK) {
        print_preprocess(&p, info->input_channels);
    } else {
        heading("preprocessing");
        fputs("none\n", stdout);
    }
    print_labels(model, info->label_count);
    print_features(model, info->feature_count);
    heading("golden output");
    fputs(verified ? "verified\n" : info->has_golden ? "yes, see --verify\n" : "none\n", stdout);
    print_properties(model);
}

static void print_time(double seconds)
{
    if (seconds > 0) printf(" %9.2f", 1e6 * seconds);
    else printf(" %9s", "");
}

static void print_plan(const wrn_model *model, const wrn_model_info *info, const struct timing *measured, bool whole)
{
    int op_width = 4;
    bool any_in_file = false;
    wrn_step_info s = WRN_STEP_INFO_INIT;
    for (int32_t i = 0; i < info->step_count; i++)
        if (wrn_model_step(model, i, &s, NULL) == WRN_OK && text_width(s.op) > op_width) op_width = text_width(s.op);
    term_style(stdout, STYLE_BOLD);
    printf("\n%4s  %-*s  %-15s %-13s %9s", "step", op_width, "op", "output", "algorithm", "predicted");
    if (measured->steps) printf(" %9s", "measured");
    printf(" %7s %10s %10s %10s %10s  %s\n", "error", "mult-adds", "weights", "traffic", "scratch", "node");
    term_style(stdout, STYLE_PLAIN);
    for (int32_t i = 0; i < info->step_count; i++) {
        char shape[48], error[16] = "";
        if (wrn_model_step(model, i, &s, NULL) != WRN_OK) continue;
        any_in_file = any_in_file || s.in_file;
        snprintf(shape, sizeof shape, "%dx%dx%d", s.channels_out, s.height_out, s.width_out);
        if (s.predicted_error > 0) snprintf(error, sizeof error, "%.0e", s.predicted_error);
        printf("%4d  ", i);
        text_print_padded(stdout, s.op, op_width);
        printf("  %-15s %-13s", shape, s.algorithm);
        print_time(s.predicted_seconds);
        if (measured->steps) print_time(measured->steps[i]);
        printf(" %7s %10s %10s%c%10s %10s  ", error, amount((double)s.macs, ""), amount((double)s.weight_bytes, "B"),
               s.in_file ? '*' : ' ', amount((double)s.activation_bytes, "B"), amount((double)s.scratch_bytes, "B"));
        text_print(stdout, s.name);
        fputc('\n', stdout);
        if (!s.refused[0]) continue;
        term_style(stdout, STYLE_DIM);
        fputs("      not ", stdout);
        text_print(stdout, s.refused);
        fputc('\n', stdout);
        term_style(stdout, STYLE_PLAIN);
    }
    printf("predicted: microseconds an image on %s%s; error: relative, predicted\n",
           whole && info->threads > 1 ? "all threads" : "one thread", measured->steps ? "; measured: on all threads" : "");
    if (any_in_file) fputs("* packed in the file\n", stdout);
}

static void write_floats(struct json *json, const char *key, const float *values, int32_t count)
{
    json_array(json, key);
    for (int32_t i = 0; i < count; i++)
        json_number(json, NULL, (double)values[i]);
    json_array_end(json);
}

static void write_preprocess(struct json *json, const wrn_preprocess *p, int32_t channels)
{
    json_object(json, "preprocess");
    json_string(json, "channel_order", pixel_words[p->channel_order]);
    json_string(json, "resize", resize_words[p->resize]);
    json_string(json, "filter", filter_words[p->filter]);
    json_integer(json, "resize_height", p->resize_height);
    json_integer(json, "resize_width", p->resize_width);
    json_integer(json, "crop_height", p->crop_height);
    json_integer(json, "crop_width", p->crop_width);
    json_number(json, "scale_to", (double)p->scale_to);
    write_floats(json, "mean", p->mean, channels);
    write_floats(json, "std", p->std, channels);
    json_object_end(json);
}

static void write_plan(struct json *json, const wrn_model *model, int32_t count, const struct timing *measured)
{
    json_array(json, "plan");
    for (int32_t i = 0; i < count; i++) {
        wrn_step_info s = WRN_STEP_INFO_INIT;
        if (wrn_model_step(model, i, &s, NULL) != WRN_OK) continue;
        json_object(json, NULL);
        json_string(json, "op", s.op);
        json_string(json, "node", s.name);
        json_string(json, "algorithm", s.algorithm);
        json_string(json, "kernel", s.kernel);
        json_string(json, "refused", s.refused);
        json_integer(json, "channels_in", s.channels_in);
        json_integer(json, "channels_out", s.channels_out);
        json_integer(json, "height_out", s.height_out);
        json_integer(json, "width_out", s.width_out);
        json_integer(json, "macs", (int64_t)s.macs);
        json_integer(json, "weight_bytes", (int64_t)s.weight_bytes);
        json_bool(json, "in_file", s.in_file != 0);
        json_integer(json, "activation_bytes", (int64_t)s.activation_bytes);
        json_integer(json, "scratch_bytes", (int64_t)s.scratch_bytes);
        json_number(json, "predicted_seconds", s.predicted_seconds);
        if (measured->steps) json_number(json, "measured_seconds", measured->steps[i]);
        json_number(json, "predicted_error", s.predicted_error);
        json_object_end(json);
    }
    json_array_end(json);
}

static void write_lists(struct json *json, const wrn_model *model, const wrn_model_info *info)
{
    const char *key;
    json_array(json, "labels");
    for (int32_t i = 0; i < info->label_count; i++)
        json_string(json, NULL, wrn_model_label(model, i));
    json_array_end(json);
    json_array(json, "features");
    for (int32_t i = 0; i < info->feature_count; i++) {
        wrn_feature_info f = WRN_FEATURE_INFO_INIT;
        if (wrn_model_feature(model, i, &f, NULL) != WRN_OK) continue;
        json_object(json, NULL);
        json_string(json, "name", f.name);
        json_string(json, "node", f.node);
        json_integer(json, "channels", f.channels);
        json_integer(json, "height", f.height);
        json_integer(json, "width", f.width);
        json_object_end(json);
    }
    json_array_end(json);
    json_object(json, "properties");
    for (int32_t i = 0; (key = wrn_model_property_key(model, i)); i++)
        json_string(json, key, wrn_model_property(model, key));
    json_object_end(json);
}

static void write_info(const char *path, const wrn_model *model, const wrn_model_info *info, bool plan,
                       const struct timing *measured)
{
    struct json json = json_start(stdout);
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    json_object(&json, NULL);
    json_string(&json, "file", path);
    json_integer(&json, "input_channels", info->input_channels);
    json_integer(&json, "input_height", info->input_height);
    json_integer(&json, "input_width", info->input_width);
    json_string(&json, "input_layout", layout_words[info->input_layout]);
    json_integer(&json, "output_size", (int64_t)info->output_size);
    json_string(&json, "output_kind", output_words[info->output_kind]);
    json_integer(&json, "parameters", (int64_t)info->parameters);
    json_integer(&json, "macs", (int64_t)info->macs);
    json_integer(&json, "model_bytes", (int64_t)info->model_bytes);
    json_integer(&json, "session_bytes", (int64_t)info->session_bytes);
    json_string(&json, "isa", isa_words[info->isa]);
    json_integer(&json, "threads", info->threads);
    json_integer(&json, "pass_batch", info->pass_batch);
    json_bool(&json, "golden", info->has_golden != 0);
    if (info->has_preprocess && wrn_model_get_preprocess(model, &p, NULL) == WRN_OK)
        write_preprocess(&json, &p, info->input_channels);
    write_lists(&json, model, info);
    if (plan) write_plan(&json, model, info->step_count, measured);
    json_object_end(&json);
    json_finish(&json);
}

/* Full passes, as the plan is made for them. */
static bool measure_steps(wrn_model *model, const wrn_model_info *info, struct timing *measured, wrn_error *error)
{
    wrn_session *session;
    if (wrn_session_create(model, &session, error) != WRN_OK) return false;
    bool done = timing_run(session, info, info->pass_batch, 0.5, true, measured, error);
    wrn_session_free(session);
    return done;
}

int cmd_info(int argc, char **argv)
{
    struct model_options model_options = { 0 };
    bool plan = false, time = false, as_json = false;
    const struct option options[] = {
        OPTION_FLAG("plan", "also a line for each step of the computation", &plan),
        OPTION_FLAG("time", "with --plan: run it, and show what each step takes", &time),
        OPTION_FLAG("json", "print JSON", &as_json),
        MODEL_OPTION_ROWS(model_options),
        OPTION_INTEGER("batch", "N", "plan for so many images at a time (default: chosen)", &model_options.pass_batch, 1, 65536),
        { 0 },
    };
    const struct usage usage = {
        .command = "info",
        .arguments = "MODEL",
        .text = "What a model is: architecture, size, labels, provenance; how it would be run.",
        .min_arguments = 1,
        .max_arguments = 1,
        .options = options,
    };
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    struct timing measured = { 0 };
    wrn_model *model = NULL;
    wrn_error error;
    int status;

    if (!options_parse(&usage, &argc, argv, &status)) return status;
    if (model_open(argv[0], &model_options, &model, &error) && wrn_model_get_info(model, &info, &error) == WRN_OK &&
        (!time || measure_steps(model, &info, &measured, &error))) {
        if (as_json) {
            write_info(argv[0], model, &info, plan, &measured);
        } else {
            print_info(argv[0], model, &info, model_options.verify);
            if (plan) print_plan(model, &info, &measured, model_options.measure);
        }
        status = finish_output(0);
    } else {
        status = report(argv[0], &error);
    }
    timing_free(&measured);
    wrn_free(model);
    return status;
}
