/* SPDX-License-Identifier: Apache-2.0 */
/* wrn bench: the time of inference alone, in memory that was set up before. */
#include "commands.h"
#include "json_out.h"
#include "model_open.h"
#include "term.h"
#include "text.h"

#include <stdlib.h>

struct timing {
    double *seconds; /* of each call */
    size_t count, room;
};

/* Numbers between -1 and 1: what they are does not matter, but zeros and denormals would be unlike images. */
static void fill(float *values, size_t count)
{
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u; /* Numerical Recipes' generator */
        values[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
}

static bool add(struct timing *t, double seconds, wrn_error *error)
{
    if (t->count == t->room) {
        size_t room = t->room ? 2 * t->room : 256;
        double *grown = realloc(t->seconds, room * sizeof *grown);
        if (!grown) return fail_with(error, WRN_E_NOMEM, "no memory for the measurements");
        t->seconds = grown;
        t->room = room;
    }
    t->seconds[t->count++] = seconds;
    return true;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* After a warm-up, calls until `seconds` are over, three at least; t->seconds is sorted then. */
static bool measure(wrn_session *session, const wrn_model_info *info, int32_t batch, double seconds, bool profile,
                    struct timing *t, wrn_error *error)
{
    size_t in_count = (size_t)batch * (size_t)info->input_size, out_count = (size_t)batch * (size_t)info->output_size;
    float *in = calloc((size_t)batch, (size_t)info->input_size * sizeof *in),
          *out = calloc((size_t)batch, (size_t)info->output_size * sizeof *out);
    bool done = false;
    struct progress progress = progress_start("seconds", seconds);
    if (!in || !out) {
        fail_with(error, WRN_E_NOMEM, "no memory for a batch of %d images", batch);
        goto done;
    }
    fill(in, in_count);
    if (wrn_session_infer(session, batch, in, in_count, out, out_count, error) != WRN_OK) goto done;
    if (profile && wrn_session_profile(session, 1, error) != WRN_OK) goto done;
    for (double start = seconds_now(), now = start; now - start < seconds || t->count < 3;) {
        double before = now;
        wrn_status status = wrn_session_infer(session, batch, in, in_count, out, out_count, error);
        now = seconds_now();
        if (status != WRN_OK || !add(t, now - before, error)) goto done;
        progress_update(&progress, now - start);
    }
    qsort(t->seconds, t->count, sizeof *t->seconds, compare);
    done = true;

done:
    progress_end(&progress);
    free(in);
    free(out);
    return done;
}

static double median(const struct timing *t)
{
    return (t->seconds[(t->count - 1) / 2] + t->seconds[t->count / 2]) / 2;
}

static void print_timing(const struct timing *t, const wrn_model_info *info, int32_t batch)
{
    double image = median(t) / batch;
    printf("median %.3f ms per image, minimum %.3f ms\n", 1e3 * image, 1e3 * t->seconds[0] / batch);
    printf("%.1f images/s, %.1f GFLOP/s (2 per multiply-add)\n", 1 / image, 2e-9 * (double)info->macs / image);
    printf("%zu runs of batch %d, %d thread%s, %s\n", t->count, batch, info->threads, info->threads == 1 ? "" : "s",
           isa_words[info->isa]);
}

/* Seconds per image that a step took; the profile sums over all calls. */
static double step_seconds(const wrn_session *session, int32_t step, const struct timing *t, int32_t batch)
{
    return wrn_session_step_seconds(session, step) / ((double)t->count * batch);
}

static void print_profile(const wrn_model *model, const wrn_session *session, const wrn_model_info *info,
                          const struct timing *t, int32_t batch)
{
    double total = 0;
    for (int32_t i = 0; i < info->step_count; i++)
        total += step_seconds(session, i, t, batch);
    term_style(stdout, STYLE_BOLD);
    printf("\n%4s %10s %6s %9s  %-11s %s\n", "step", "us/image", "share", "GFLOP/s", "algorithm", "op, node");
    term_style(stdout, STYLE_PLAIN);
    for (int32_t i = 0; i < info->step_count; i++) {
        wrn_step_info s = WRN_STEP_INFO_INIT;
        double seconds = step_seconds(session, i, t, batch);
        if (wrn_model_step(model, i, &s, NULL) != WRN_OK) continue;
        printf("%4d %10.2f %5.1f%% %9.1f  %-11s %s, ", i, 1e6 * seconds, total > 0 ? 100 * seconds / total : 0,
               seconds > 0 ? 2e-9 * (double)s.macs / seconds : 0, s.algorithm, s.op);
        text_print(stdout, s.name);
        fputc('\n', stdout);
    }
}

static void write_timing(const char *path, const wrn_model *model, const wrn_session *session,
                         const wrn_model_info *info, const struct timing *t, int32_t batch, bool profile)
{
    struct json json = json_start(stdout);
    double image = median(t) / batch;
    json_object(&json, NULL);
    json_string(&json, "model", path);
    json_integer(&json, "batch", batch);
    json_integer(&json, "threads", info->threads);
    json_string(&json, "isa", isa_words[info->isa]);
    json_integer(&json, "runs", (int64_t)t->count);
    json_number(&json, "median_ms_per_image", 1e3 * image);
    json_number(&json, "minimum_ms_per_image", 1e3 * t->seconds[0] / batch);
    json_number(&json, "images_per_second", 1 / image);
    json_number(&json, "gflops", 2e-9 * (double)info->macs / image);
    if (profile) {
        json_array(&json, "profile");
        for (int32_t i = 0; i < info->step_count; i++) {
            wrn_step_info s = WRN_STEP_INFO_INIT;
            if (wrn_model_step(model, i, &s, NULL) != WRN_OK) continue;
            json_object(&json, NULL);
            json_string(&json, "op", s.op);
            json_string(&json, "node", s.name);
            json_string(&json, "algorithm", s.algorithm);
            json_integer(&json, "macs", (int64_t)s.macs);
            json_number(&json, "ms_per_image", 1e3 * step_seconds(session, i, t, batch));
            json_object_end(&json);
        }
        json_array_end(&json);
    }
    json_object_end(&json);
    json_finish(&json);
}

int cmd_bench(int argc, char **argv)
{
    struct model_options model_options = { 0 };
    int32_t batch = 1;
    double seconds = 3;
    bool as_json = false, profile = false;
    const struct option options[] = {
        OPTION_INTEGER("batch", "N", "images in a call (default 1)", &batch, 1, 65536),
        OPTION_NUMBER("seconds", "S", "how long to measure (default 3)", &seconds, 0, 86400),
        OPTION_FLAG("profile", "also the time of each step", &profile),
        OPTION_FLAG("json", "print JSON", &as_json),
        MODEL_OPTION_ROWS(model_options),
        { 0 },
    };
    const struct usage usage = {
        .command = "bench",
        .arguments = "MODEL",
        .text = "The time that inference takes, without loading and preprocessing.",
        .min_arguments = 1,
        .max_arguments = 1,
        .options = options,
    };
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    struct timing t = { 0 };
    wrn_model *model = NULL;
    wrn_session *session = NULL;
    wrn_error error;
    int status;

    if (!options_parse(&usage, &argc, argv, &status)) return status;
    model_options.pass_batch = batch; /* planned for the calls that are measured */
    if (model_open(argv[0], &model_options, &model, &error) && wrn_model_get_info(model, &info, &error) == WRN_OK &&
        wrn_session_create(model, &session, &error) == WRN_OK &&
        measure(session, &info, batch, seconds, profile, &t, &error)) {
        if (as_json) {
            write_timing(argv[0], model, session, &info, &t, batch, profile);
        } else {
            print_timing(&t, &info, batch);
            if (profile) print_profile(model, session, &info, &t, batch);
        }
        status = finish_output(0);
    } else {
        status = report(argv[0], &error);
    }
    free(t.seconds);
    wrn_session_free(session);
    wrn_free(model);
    return status;
}
