/* SPDX-License-Identifier: Apache-2.0 */
/* wrn bench: the time of inference alone, in memory that was set up before. */
#include "commands.h"
#include "json_out.h"
#include "model_open.h"
#include "term.h"
#include "text.h"
#include "timing.h"

static void print_timing(const struct timing *t, const wrn_model_info *info, int32_t batch)
{
    double image = timing_median(t) / batch;
    printf("median %.3f ms per image, minimum %.3f ms\n", 1e3 * image, 1e3 * t->seconds[0] / batch);
    printf("%.1f images/s, %.1f GFLOP/s (2 per multiply-add)\n", 1 / image, 2e-9 * (double)info->macs / image);
    printf("%zu runs of batch %d, %d thread%s, %s\n", t->count, batch, info->threads, info->threads == 1 ? "" : "s",
           isa_words[info->isa]);
}

/* A step's seconds per image, and what keeps them from being less. */
struct step_time {
    double seconds;
    double possible;  /* the share of them that arithmetic and memory traffic need; 0 unknown */
    char reason[128]; /* where that is less than 60 %, else "" */
};

static struct step_time step_time(const wrn_step_info *s, const wrn_model_info *info, double seconds, int32_t batch)
{
    const double enough = 0.6, little = 10e-6;
    int32_t images = batch < info->pass_batch ? batch : info->pass_batch;
    double weights = s->weight_seconds / images, memory = s->activation_seconds + weights;
    double least = s->arithmetic_seconds > memory ? s->arithmetic_seconds : memory;
    struct step_time t = { .seconds = seconds, .possible = seconds > 0 ? least / seconds : 0 };
    if (t.possible <= 0 || t.possible >= enough) return t;
    /* The prediction is for a full pass, which reads weights once for all of its images. */
    double predicted = s->predicted_seconds / info->threads + weights - s->weight_seconds / info->pass_batch;
    double more = s->predicted_seconds > 0 ? seconds - predicted : 0;
    if (more > seconds / 3 && more * images < little)
        snprintf(t.reason, sizeof t.reason, "short: %.1f us of start-up", 1e6 * more * images);
    else if (more > seconds / 3)
        snprintf(t.reason, sizeof t.reason, "%.1f times what was predicted: caches, memory, other programs",
                 seconds / predicted);
    else if (images < info->pass_batch && weights > seconds / 4)
        snprintf(t.reason, sizeof t.reason, "weights from caches and memory, for %d image%s", images,
                 images == 1 ? "" : "s");
    else
        snprintf(t.reason, sizeof t.reason, "%s", s->loss);
    return t;
}

static void print_profile(const wrn_model *model, const wrn_model_info *info, const struct timing *t, int32_t batch)
{
    double total = 0;
    for (int32_t i = 0; i < info->step_count; i++)
        total += t->steps[i];
    term_style(stdout, STYLE_BOLD);
    printf("\n%4s %10s %6s %9s %8s  %-13s %s\n", "step", "us/image", "share", "GFLOP/s", "possible", "algorithm",
           "op, node");
    term_style(stdout, STYLE_PLAIN);
    for (int32_t i = 0; i < info->step_count; i++) {
        wrn_step_info s = WRN_STEP_INFO_INIT;
        if (wrn_model_step(model, i, &s, NULL) != WRN_OK) continue;
        struct step_time time = step_time(&s, info, t->steps[i], batch);
        double seconds = time.seconds;
        printf("%4d %10.2f %5.1f%% %9.1f %7.0f%%  %-13s %s, ", i, 1e6 * seconds, total > 0 ? 100 * seconds / total : 0,
               seconds > 0 ? 2e-9 * (double)s.macs / seconds : 0, 100 * time.possible, s.algorithm, s.op);
        text_print(stdout, s.name);
        fputc('\n', stdout);
        if (!time.reason[0]) continue;
        term_style(stdout, STYLE_DIM);
        printf("%41s %s\n", "", time.reason);
        term_style(stdout, STYLE_PLAIN);
    }
    printf("possible: the least time that arithmetic and memory traffic allow on this machine, of the time taken\n");
}

static void write_timing(const char *path, const wrn_model *model, const wrn_model_info *info, const struct timing *t,
                         int32_t batch)
{
    struct json json = json_start(stdout);
    double image = timing_median(t) / batch;
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
    if (t->steps) {
        json_array(&json, "profile");
        for (int32_t i = 0; i < info->step_count; i++) {
            wrn_step_info s = WRN_STEP_INFO_INIT;
            if (wrn_model_step(model, i, &s, NULL) != WRN_OK) continue;
            json_object(&json, NULL);
            json_string(&json, "op", s.op);
            json_string(&json, "node", s.name);
            json_string(&json, "algorithm", s.algorithm);
            json_integer(&json, "macs", (int64_t)s.macs);
            struct step_time time = step_time(&s, info, t->steps[i], batch);
            json_number(&json, "ms_per_image", 1e3 * time.seconds);
            json_number(&json, "predicted_ms_per_image", 1e3 * s.predicted_seconds);
            json_number(&json, "possible", time.possible);
            json_string(&json, "reason", time.reason);
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
        OPTION_FLAG("profile", "also each step: time, share of what is possible", &profile),
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
    model_options.bounds = profile;
    if (model_open(argv[0], &model_options, &model, &error) && wrn_model_get_info(model, &info, &error) == WRN_OK &&
        wrn_session_create(model, &session, &error) == WRN_OK &&
        timing_run(session, &info, batch, seconds, profile, &t, &error)) {
        if (as_json) {
            write_timing(argv[0], model, &info, &t, batch);
        } else {
            print_timing(&t, &info, batch);
            if (profile) print_profile(model, &info, &t, batch);
        }
        status = finish_output(0);
    } else {
        status = report(argv[0], &error);
    }
    timing_free(&t);
    wrn_session_free(session);
    wrn_free(model);
    return status;
}
