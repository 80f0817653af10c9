/* SPDX-License-Identifier: Apache-2.0 */
/* Interruptions change nothing: stopped, killed and resumed with other numbers of threads, a run ends with the same bits. */
#include "make_cifar.h"
#include "test.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *work, *data; /* a directory, and CIFAR-10 in it */

static int setup(void **state)
{
    (void)state;
    work = strdup(make_directory());
    data = strdup(in(work, "data"));
    make_cifar10(data, 21, 50); /* 105 images: the last batch is one of 9 */
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_directory(work);
    free(work);
    free(data);
    return 0;
}

/* One run without interruption, to compare with. */
static const char *reference(void)
{
    static char directory[512];
    if (directory[0]) return directory;
    snprintf(directory, sizeof directory, "%s", in(work, "reference"));
    wrn_train_options o = tiny_run(data, directory);
    o.network.dropout = 0.1;
    o.label_smoothing = 0.05;
    assert_ok(run_trainer(&o, &test_error));
    return directory;
}

static wrn_train_options like_reference(const char *directory)
{
    wrn_train_options o = tiny_run(data, directory);
    o.network.dropout = 0.1;
    o.label_smoothing = 0.05;
    return o;
}

/* Log lines without their last two columns, which are times. */
static void assert_same_logs(const char *a, const char *b)
{
    size_t size;
    char *log_a = (char *)read_file(in(a, "log.csv"), &size), *log_b = (char *)read_file(in(b, "log.csv"), &size);
    char *at_a = log_a, *at_b = log_b;
    for (int line = 0; line < 3; line++) {
        for (int column = 0; column < 5; column++) {
            size_t length = strcspn(at_a, ",");
            if (strncmp(at_a, at_b, length + 1) != 0) fail_msg("line %d of the logs: %.40s and %.40s", line, at_a, at_b);
            at_a += length + 1;
            at_b += length + 1;
        }
        at_a = strchr(at_a, '\n') + 1;
        at_b = strchr(at_b, '\n') + 1;
    }
    assert_true(*at_a == 0 && *at_b == 0);
    free(log_a);
    free(log_b);
}

static void stopped_and_resumed(void **state)
{
    (void)state;
    const char *directory = strdup(in(work, "stopped"));
    wrn_train_options o = like_reference(directory);
    const int32_t stops[] = { 3, 3, 4 }; /* in the middle of an epoch, before its last step, in the next one */
    for (int i = 0; i < 3; i++) {
        struct watch w = { .stop_after = stops[i] };
        o.progress = watch;
        o.progress_user = &w;
        o.threads = i + 1;
        assert_fails(run_trainer(&o, &test_error), WRN_E_CANCELLED, "stopped in epoch");
        o.flags = WRN_TRAIN_RESUME;
    }
    o.progress = NULL;
    o.threads = 5;
    assert_ok(run_trainer(&o, &test_error));
    assert_same_files(in(directory, "model.wrn"), in(reference(), "model.wrn"));
    assert_same_files(in(directory, "checkpoint"), in(reference(), "checkpoint"));
    assert_same_logs(directory, reference());
    free((void *)directory);
}

/* Waits until the checkpoint is another file than before, or the child has ended; that is then left to waitpid. */
static void wait_for_progress(pid_t child, const char *checkpoint, ino_t before)
{
    for (;;) {
        struct stat status;
        siginfo_t ended = { .si_pid = 0 };
        const struct timespec pause = { 0, 1000000 };
        if (stat(checkpoint, &status) == 0 && status.st_ino != before) return;
        if (waitid(P_PID, (id_t)child, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == child) return;
        nanosleep(&pause, NULL);
    }
}

/* Killed again and again at random moments: every second time early, else after a step at least, so that it ends however
 * busy the machine is. */
static void killed_and_resumed(void **state)
{
    (void)state;
    const char *directory = strdup(in(work, "killed"));
    wrn_train_options o = like_reference(directory);
    uint32_t random = (uint32_t)time(NULL);
    int killed = 0;
    o.checkpoint_steps = 1;
    reference();
    print_message("moments from seed %u\n", random);
    for (int attempt = 0; attempt < 200; attempt++) {
        struct stat status;
        bool there = stat(in(directory, "checkpoint"), &status) == 0;
        ino_t before = there ? status.st_ino : 0;
        o.flags = there ? WRN_TRAIN_RESUME : 0;
        o.threads = 1 + attempt % 3;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) _exit(run_trainer(&o, &test_error) == WRN_OK ? 0 : 1);
        random = random * 1664525u + 1013904223u;
        if (attempt % 2) wait_for_progress(child, in(directory, "checkpoint"), before);
        const struct timespec pause = { 0, 1000000 * ((random >> 16) % 60) };
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        if (WIFEXITED(how)) {
            assert_int_equal(WEXITSTATUS(how), 0);
            break;
        }
        killed++;
    }
    assert_true(killed > 0);
    assert_same_files(in(directory, "model.wrn"), in(reference(), "model.wrn"));
    assert_same_files(in(directory, "checkpoint"), in(reference(), "checkpoint"));
    assert_same_logs(directory, reference());
    free((void *)directory);
}

/* Averages, parts and holes, interrupted and not; the model is made of the averages. */
static void averages_and_parts_resumed(void **state)
{
    (void)state;
    const char *whole = strdup(in(work, "averages")), *stopped = strdup(in(work, "averages-stopped"));
    struct watch w = { .stop_after = 9 };
    wrn_train_options o = tiny_run(data, whole);
    wrn_trainer *trainer;
    int32_t correct, again;
    o.network.depth = 16;
    o.ema = 0.9;
    o.cutout = 8;
    o.mixup = 0.5;
    o.parts = 3;
    o.network.dropout = 0.1;
    assert_ok(run_trainer(&o, &test_error));
    o.directory = stopped;
    o.progress = watch;
    o.progress_user = &w;
    assert_fails(run_trainer(&o, &test_error), WRN_E_CANCELLED, "stopped in epoch 2 after 1 of 7 steps");
    o.flags = WRN_TRAIN_RESUME | WRN_TRAIN_RECOMPUTE;
    o.threads = 3;
    w.stop_after = 0;
    assert_ok(run_trainer(&o, &test_error));
    assert_same_files(in(stopped, "model.wrn"), in(whole, "model.wrn"));
    assert_same_files(in(stopped, "checkpoint"), in(whole, "checkpoint"));

    /* Evaluation alone writes the same model again. */
    unlink(in(stopped, "model.wrn"));
    assert_ok(wrn_train_create(&o, &trainer, &test_error));
    assert_ok(wrn_train_evaluate(trainer, &correct, &test_error));
    assert_ok(wrn_train_evaluate(trainer, &again, &test_error));
    wrn_train_free(trainer);
    assert_true(correct == w.last_correct && again == correct && count_right(data, in(stopped, "model.wrn")) == correct);
    assert_same_files(in(stopped, "model.wrn"), in(whole, "model.wrn"));
    free((void *)whole);
    free((void *)stopped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopped_and_resumed), cmocka_unit_test(killed_and_resumed), cmocka_unit_test(averages_and_parts_resumed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
