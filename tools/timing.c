/* SPDX-License-Identifier: Apache-2.0 */
#include "timing.h"

#include "term.h"

#include <stdlib.h>

/* Numbers between -1 and 1: what they are does not matter, but zeros and denormals would be unlike images. */
static void fill(float *values, size_t count)
{
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u; /* Numerical Recipes' generator */
        values[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
}

/* Room for one more call; `values` of them for each. */
static bool grow(double **list, size_t values, const struct timing *t, wrn_error *error)
{
    if (t->count < t->room) return true;
    double *grown = realloc(*list, (t->room ? 2 * t->room : 256) * values * sizeof *grown);
    if (!grown) return fail_with(error, WRN_E_NOMEM, "no memory for the measurements");
    *list = grown;
    return true;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double sorted_median(const double *sorted, size_t count)
{
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

double timing_median(const struct timing *t)
{
    return sorted_median(t->seconds, t->count);
}

/* From all calls' steps to the median of each, per image. */
static bool take_medians(struct timing *t, size_t steps, int32_t batch, wrn_error *error)
{
    double *calls = malloc(t->count * sizeof *calls), *medians = malloc(steps * sizeof *medians);
    bool done = calls && medians;
    for (size_t step = 0; done && step < steps; step++) {
        for (size_t i = 0; i < t->count; i++)
            calls[i] = t->steps[i * steps + step];
        qsort(calls, t->count, sizeof *calls, compare);
        medians[step] = sorted_median(calls, t->count) / batch;
    }
    free(calls);
    free(t->steps);
    t->steps = medians;
    return done || fail_with(error, WRN_E_NOMEM, "no memory for the measurements");
}

/* One call, measured. */
static bool call(wrn_session *session, const wrn_model_info *info, int32_t batch, const float *in, float *out,
                 bool profile, struct timing *t, wrn_error *error)
{
    size_t in_count = (size_t)batch * (size_t)info->input_size, out_count = (size_t)batch * (size_t)info->output_size;
    size_t steps = (size_t)info->step_count;
    if (!grow(&t->seconds, 1, t, error) || (profile && !grow(&t->steps, steps, t, error))) return false;
    if (t->count == t->room) t->room = t->room ? 2 * t->room : 256;
    if (profile && wrn_session_profile(session, 1, error) != WRN_OK) return false; /* forgets the call before */
    double start = seconds_now();
    if (wrn_session_infer(session, batch, in, in_count, out, out_count, error) != WRN_OK) return false;
    t->seconds[t->count] = seconds_now() - start;
    for (size_t i = 0; profile && i < steps; i++)
        t->steps[t->count * steps + i] = wrn_session_step_seconds(session, (int32_t)i);
    t->count++;
    return true;
}

bool timing_run(wrn_session *session, const wrn_model_info *info, int32_t batch, double seconds, bool profile,
                struct timing *t, wrn_error *error)
{
    float *in = calloc((size_t)batch, (size_t)info->input_size * sizeof *in),
          *out = calloc((size_t)batch, (size_t)info->output_size * sizeof *out);
    bool done = false;
    struct progress progress = progress_start("seconds", seconds);
    if (!in || !out) {
        fail_with(error, WRN_E_NOMEM, "no memory for a batch of %d images", batch);
        goto done;
    }
    fill(in, (size_t)batch * (size_t)info->input_size);
    if (!call(session, info, batch, in, out, profile, t, error)) goto done;
    t->count = 0; /* that was the warm-up */
    for (double start = seconds_now(), now = start; now - start < seconds || t->count < 3; now = seconds_now()) {
        if (!call(session, info, batch, in, out, profile, t, error)) goto done;
        progress_update(&progress, now - start);
    }
    qsort(t->seconds, t->count, sizeof *t->seconds, compare);
    done = !profile || take_medians(t, (size_t)info->step_count, batch, error);

done:
    progress_end(&progress);
    free(in);
    free(out);
    return done;
}

void timing_free(struct timing *t)
{
    free(t->seconds);
    free(t->steps);
}
