/* SPDX-License-Identifier: Apache-2.0 */
/* Public: inference, with and without one's own session. */
#include "wrn_model.h"

#include "base/checked.h"

#include <string.h>

wrn_status wrn_model_check(const wrn_model *model, wrn_error *error)
{
    if (!model) return wrn_fail(error, WRN_E_ARG, "argument model is NULL");
    if (model->magic != WRN_MODEL_MAGIC) return wrn_fail(error, WRN_E_ARG, "argument model is not a model, or was freed");
    return WRN_OK;
}

static wrn_status session_check(const wrn_session *session, wrn_error *error)
{
    if (!session) return wrn_fail(error, WRN_E_ARG, "argument session is NULL");
    if (session->magic != WRN_SESSION_MAGIC) return wrn_fail(error, WRN_E_ARG, "argument session is not a session, or was freed");
    return WRN_OK;
}

wrn_status wrn_session_make(wrn_model *m, struct wrn_session **result, wrn_error *error)
{
    struct wrn_session *s = wrn_mem_zalloc(&m->alloc, 1, sizeof *s);
    if (!s) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    wrn_status status = wrn_exec_init(&s->exec, &m->alloc, m->plan, m->pool, m->cancel_user, m->cancel, error);
    if (status != WRN_OK) {
        wrn_mem_free(&m->alloc, s);
        return status;
    }
    s->magic = WRN_SESSION_MAGIC;
    atomic_flag_clear(&s->busy);
    *result = s;
    return WRN_OK;
}

size_t wrn_session_bytes(const wrn_model *m) { return sizeof(struct wrn_session) + wrn_plan_session_bytes(m->plan); }

void wrn_session_destroy(wrn_model *m, struct wrn_session *s)
{
    if (!s) return;
    wrn_exec_free(&s->exec);
    s->magic = 0;
    wrn_mem_free(&m->alloc, s);
}

wrn_status wrn_session_create(wrn_model *model, wrn_session **session, wrn_error *error)
{
    if (!session) return wrn_fail(error, WRN_E_ARG, "argument session is NULL");
    *session = NULL;
    WRN_TRY(wrn_model_check(model, error));
    struct wrn_session *made;
    WRN_TRY(wrn_session_make(model, &made, error));
    made->model = wrn_retain(model);
    *session = made;
    return WRN_OK;
}

void wrn_session_free(wrn_session *session)
{
    if (!session || session->magic != WRN_SESSION_MAGIC) return;
    wrn_model *model = session->model;
    wrn_session_destroy(model, session);
    wrn_free(model);
}

/* ---- checks of the caller's arrays ---- */

static bool overlap(const float *a, size_t a_count, const float *b, size_t b_count)
{
    uintptr_t a0 = (uintptr_t)a, b0 = (uintptr_t)b;
    return a0 < b0 + b_count * sizeof *b && b0 < a0 + a_count * sizeof *a;
}

/* What a batch of `size` floats per image needs; fails for a batch that cannot be. */
static wrn_status batch_floats(int32_t batch, uint64_t size, size_t *floats, wrn_error *error)
{
    if (batch < 1) return wrn_fail(error, WRN_E_ARG, "argument batch is %d", batch);
    uint64_t total;
    if (!wrn_mul_u64((uint64_t)batch, size, &total) || total > SIZE_MAX / sizeof(float))
        return wrn_fail(error, WRN_E_ARG, "argument batch: %d images do not fit the address space", batch);
    *floats = (size_t)total;
    return WRN_OK;
}

static wrn_status check_input(const struct wrn_plan *plan, int32_t batch, const float *input, size_t count, wrn_error *error)
{
    size_t needed;
    WRN_TRY(batch_floats(batch, plan->input_size, &needed, error));
    if (!input) return wrn_fail(error, WRN_E_ARG, "argument input is NULL");
    if (!wrn_aligned(input)) return wrn_fail(error, WRN_E_ARG, "argument input is not aligned to a float");
    if (count != needed)
        return wrn_fail(error, WRN_E_ARG, "argument input_count is %zu: %d images of %llu floats are %zu", count, batch,
                        (unsigned long long)plan->input_size, needed);
    return WRN_OK;
}

static wrn_status check_output(int32_t batch, uint64_t size, const float *output, size_t count, const float *input, size_t input_count,
                               wrn_error *error)
{
    size_t needed;
    WRN_TRY(batch_floats(batch, size, &needed, error));
    if (!output) return wrn_fail(error, WRN_E_ARG, "argument output is NULL");
    if (!wrn_aligned(output)) return wrn_fail(error, WRN_E_ARG, "argument output is not aligned to a float");
    if (count < needed)
        return wrn_fail(error, WRN_E_ARG, "argument output_count is %zu: %d images of %llu floats are %zu", count, batch,
                        (unsigned long long)size, needed);
    if (overlap(input, input_count, output, needed)) return wrn_fail(error, WRN_E_ARG, "arguments input and output overlap");
    return WRN_OK;
}

static wrn_status check_arrays(const struct wrn_plan *plan, int32_t batch, const float *input, size_t input_count, const float *output,
                               size_t output_count, wrn_error *error)
{
    WRN_TRY(check_input(plan, batch, input, input_count, error));
    return check_output(batch, plan->output_size, output, output_count, input, input_count, error);
}

/* ---- wrn_infer: a session from the model's list ---- */

static wrn_status take_session(wrn_model *m, struct wrn_session **session, wrn_error *error)
{
    pthread_mutex_lock(&m->lock);
    struct wrn_session *s = m->idle;
    if (s) m->idle = s->next;
    pthread_mutex_unlock(&m->lock);
    *session = s;
    return s ? WRN_OK : wrn_session_make(m, session, error);
}

static void give_session(wrn_model *m, struct wrn_session *session)
{
    pthread_mutex_lock(&m->lock);
    session->next = m->idle;
    m->idle = session;
    pthread_mutex_unlock(&m->lock);
}

wrn_status wrn_infer(wrn_model *model, int32_t batch, const float *input, size_t input_count, float *output, size_t output_count,
                     wrn_error *error)
{
    WRN_TRY(wrn_model_check(model, error));
    WRN_TRY(check_arrays(model->plan, batch, input, input_count, output, output_count, error));
    wrn_retain(model); /* another thread may free its share meanwhile */
    struct wrn_session *session;
    wrn_status status = take_session(model, &session, error);
    if (status == WRN_OK) {
        struct wrn_exec_output out = { .tensor = model->plan->output, .layout = model->plan->output_layout, .to = output };
        status = wrn_exec_run(&session->exec, batch, input, &out, 1, error);
        give_session(model, session);
    }
    wrn_free(model);
    return status;
}

/* ---- the caller's session ---- */

static wrn_status run_alone(wrn_session *s, int32_t batch, const float *input, const struct wrn_exec_output *outputs, int32_t count, wrn_error *error)
{
    if (atomic_flag_test_and_set_explicit(&s->busy, memory_order_acquire))
        return wrn_fail(error, WRN_E_BUSY, "the session is in use by another thread");
    wrn_status status = wrn_exec_run(&s->exec, batch, input, outputs, count, error);
    atomic_flag_clear_explicit(&s->busy, memory_order_release);
    return status;
}

wrn_status wrn_session_infer(wrn_session *session, int32_t batch, const float *input, size_t input_count, float *output,
                             size_t output_count, wrn_error *error)
{
    WRN_TRY(session_check(session, error));
    const struct wrn_plan *plan = session->exec.plan;
    WRN_TRY(check_arrays(plan, batch, input, input_count, output, output_count, error));
    struct wrn_exec_output out = { .tensor = plan->output, .layout = plan->output_layout, .to = output };
    return run_alone(session, batch, input, &out, 1, error);
}

/* More than the named features that a caller can mean. */
#define MAX_NAMED 64

static wrn_status find_output(const struct wrn_plan *plan, const char *name, struct wrn_exec_output *out, uint64_t *size, wrn_error *error)
{
    if (!name) return wrn_fail(error, WRN_E_ARG, "argument names holds NULL");
    if (strcmp(name, "output") == 0) {
        *out = (struct wrn_exec_output){ .tensor = plan->output, .layout = plan->output_layout };
        *size = plan->output_size;
        return WRN_OK;
    }
    for (int32_t i = 0; i < plan->feature_count; i++) {
        const struct wrn_feature *f = &plan->features[i];
        if (strcmp(f->name, name) != 0) continue;
        if (f->tensor < 0) return wrn_fail(error, WRN_E_NOTFOUND, "feature '%s' was not named in wrn_load_options.features", name);
        *out = (struct wrn_exec_output){ .tensor = f->tensor, .layout = WRN_LAYOUT_NCHW };
        *size = (uint64_t)f->c * (uint64_t)f->h * (uint64_t)f->w;
        return WRN_OK;
    }
    return wrn_fail(error, WRN_E_NOTFOUND, "the model has no feature '%.*s'", WRN_NAME_MAX, name);
}

wrn_status wrn_session_infer_named(wrn_session *session, int32_t batch, const float *input, size_t input_count, int32_t output_count,
                                   const char *const *names, float *const *outputs, const size_t *counts, wrn_error *error)
{
    struct wrn_exec_output out[MAX_NAMED];
    size_t floats[MAX_NAMED];
    WRN_TRY(session_check(session, error));
    const struct wrn_plan *plan = session->exec.plan;
    WRN_TRY(check_input(plan, batch, input, input_count, error));
    if (output_count < 1 || output_count > MAX_NAMED) return wrn_fail(error, WRN_E_ARG, "argument output_count is %d, not 1 to %d", output_count, MAX_NAMED);
    if (!names || !outputs || !counts) return wrn_fail(error, WRN_E_ARG, "argument %s is NULL", !names ? "names" : !outputs ? "outputs" : "counts");
    for (int32_t i = 0; i < output_count; i++) {
        uint64_t size;
        WRN_TRY(find_output(plan, names[i], &out[i], &size, error));
        WRN_TRY(check_output(batch, size, outputs[i], counts[i], input, input_count, error));
        out[i].to = outputs[i];
        floats[i] = (size_t)batch * (size_t)size;
        for (int32_t k = 0; k < i; k++)
            if (overlap(outputs[i], floats[i], outputs[k], floats[k]))
                return wrn_fail(error, WRN_E_ARG, "argument outputs: those for '%.*s' and '%.*s' overlap", WRN_NAME_MAX, names[k], WRN_NAME_MAX, names[i]);
    }
    return run_alone(session, batch, input, out, output_count, error);
}

wrn_status wrn_session_profile(wrn_session *session, int32_t enable, wrn_error *error)
{
    WRN_TRY(session_check(session, error));
    if (atomic_flag_test_and_set_explicit(&session->busy, memory_order_acquire))
        return wrn_fail(error, WRN_E_BUSY, "the session is in use by another thread");
    session->exec.profiling = enable != 0;
    memset(session->exec.seconds, 0, (size_t)session->exec.plan->step_count * sizeof *session->exec.seconds);
    atomic_flag_clear_explicit(&session->busy, memory_order_release);
    return WRN_OK;
}

double wrn_session_step_seconds(const wrn_session *session, int32_t step)
{
    if (session_check(session, NULL) != WRN_OK || step < 0 || step >= session->exec.plan->step_count) return 0;
    return session->exec.seconds[step];
}
