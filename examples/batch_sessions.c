/* SPDX-License-Identifier: Apache-2.0 */
/* A server's way: one model, many threads, each with a session of its own. The model is shared and never changes, a
 * session is a thread's scratch memory, so nothing is locked and nothing allocated while the threads work.
 *     batch_sessions models/cifar10.wrn 4 */
#include <wrn.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 16, CALLS = 16, MOST_THREADS = 64 };

struct worker {
    pthread_t thread;
    wrn_model *model;
    const float *input; /* the same for all, so that all must give the same */
    size_t input_count, output_count;
    float *output;
    wrn_status status;
    wrn_error error;
};

static void *work(void *argument)
{
    struct worker *w = argument;
    wrn_session *session;
    w->status = wrn_session_create(w->model, &session, &w->error);
    for (int i = 0; i < CALLS && w->status == WRN_OK; i++)
        w->status = wrn_session_infer(session, BATCH, w->input, w->input_count, w->output, w->output_count, &w->error);
    wrn_session_free(session);
    return NULL;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
    int threads = argc == 3 ? atoi(argv[2]) : 0, started = 0, failed = 0;
    if (threads < 1 || threads > MOST_THREADS)
        return fprintf(stderr, "usage: batch_sessions MODEL THREADS (1 to 64)\n"), 1;

    /* Each call works on its caller's thread alone: with many calls at once, that keeps all cores busy. */
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    options.threads = 1;
    wrn_model *model;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_error error;
    if (wrn_load(argv[1], &options, &model, &error) != WRN_OK) return fprintf(stderr, "%s\n", error.message), 1;
    if (wrn_model_get_info(model, &info, &error) != WRN_OK) return fprintf(stderr, "%s\n", error.message), 1;

    size_t input_count = BATCH * (size_t)info.input_size, output_count = BATCH * (size_t)info.output_size;
    float *input = malloc(input_count * sizeof *input);
    float *outputs = malloc((size_t)threads * output_count * sizeof *outputs);
    struct worker workers[MOST_THREADS];
    for (size_t i = 0; input && i < input_count; i++)
        input[i] = (float)(i * 7919 % 1000) / 500 - 1;

    double start = seconds_now();
    for (; input && outputs && started < threads; started++) {
        struct worker *w = &workers[started];
        *w =
            (struct worker){ .model = model, .input = input, .input_count = input_count, .output_count = output_count };
        w->output = outputs + (size_t)started * output_count;
        if (pthread_create(&w->thread, NULL, work, w) != 0) break;
    }
    failed = started < threads;
    for (int i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        if (workers[i].status != WRN_OK) failed = fprintf(stderr, "thread %d: %s\n", i, workers[i].error.message);
    }
    double seconds = seconds_now() - start;
    for (int i = 1; i < started && !failed; i++)
        if (memcmp(workers[i].output, outputs, output_count * sizeof *outputs) != 0)
            failed = fprintf(stderr, "thread %d differs\n", i);
    if (!failed)
        printf("%d threads, %.0f images/s, the same results in all\n", threads,
               (double)threads * CALLS * BATCH / seconds);
    free(outputs);
    free(input);
    wrn_free(model);
    return failed != 0;
}
