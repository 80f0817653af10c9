/* SPDX-License-Identifier: Apache-2.0 */
#include "cgo_bridge.h"

/* Of options.go, as cgo exports it. */
extern void wrnGoLog(uintptr_t handle, int32_t level, char *message);

/* Set while this thread is in a call that can be cancelled: cgo keeps a goroutine on its thread for as long. */
static _Thread_local const int32_t *stop_now;

static int32_t cancel(void *user)
{
    (void)user;
    return stop_now ? __atomic_load_n(stop_now, __ATOMIC_RELAXED) : 0;
}

static void log_line(void *user, int32_t level, const char *message)
{
    wrnGoLog((uintptr_t)user, level, (char *)message);
}

wrn_status wrn_go_load(const char *path, const void *data, size_t size, wrn_load_options *options, uintptr_t log,
                       const int32_t *stop, wrn_model **model, wrn_error *error)
{
    options->cancel = cancel;
    if (log) {
        options->log = log_line;
        options->log_user = (void *)log;
    }
    stop_now = stop;
    wrn_status status = data ? wrn_load_memory(data, size, options, model, error) : wrn_load(path, options, model, error);
    stop_now = NULL;
    return status;
}

wrn_status wrn_go_infer(wrn_model *model, int32_t batch, const float *input, size_t input_count, float *output,
                        size_t output_count, const int32_t *stop, wrn_error *error)
{
    stop_now = stop;
    wrn_status status = wrn_infer(model, batch, input, input_count, output, output_count, error);
    stop_now = NULL;
    return status;
}

wrn_status wrn_go_classify(wrn_model *model, const uint8_t *pixels, int32_t width, int32_t height, ptrdiff_t stride,
                           int32_t format, int32_t k, wrn_prediction *top, const int32_t *stop, wrn_error *error)
{
    stop_now = stop;
    wrn_status status = wrn_classify(model, pixels, width, height, stride, format, k, top, error);
    stop_now = NULL;
    return status;
}

wrn_status wrn_go_session_infer(wrn_session *session, int32_t batch, const float *input, size_t input_count,
                                float *output, size_t output_count, const int32_t *stop, wrn_error *error)
{
    stop_now = stop;
    wrn_status status = wrn_session_infer(session, batch, input, input_count, output, output_count, error);
    stop_now = NULL;
    return status;
}

wrn_status wrn_go_session_infer_named(wrn_session *session, int32_t batch, const float *input, size_t input_count,
                                      int32_t count, const char *const *names, float *const *outputs,
                                      const size_t *counts, const int32_t *stop, wrn_error *error)
{
    stop_now = stop;
    wrn_status status =
        wrn_session_infer_named(session, batch, input, input_count, count, names, outputs, counts, error);
    stop_now = NULL;
    return status;
}
