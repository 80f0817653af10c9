/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared library in a process that is not its own: opened and closed a thousand times without growth, and nothing of
 * the host's is touched: output, signals, environment, working folder, limits, another library's threads.
 *     test_host LIBWRN.SO MODEL
 */
#define _GNU_SOURCE
#include "wrn.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__has_feature)
#define HAVE_FEATURE(x) __has_feature(x)
#else
#define HAVE_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || HAVE_FEATURE(address_sanitizer) || HAVE_FEATURE(thread_sanitizer)
#define WATCHED 1 /* a sanitizer keeps what is freed, and writes its own maps */
#else
#define WATCHED 0
#endif

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(report, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            failures++; \
        } \
    } while (0)

static FILE *report; /* the original stderr */
static int failures;
static const char *library, *model_file;

struct api {
    void *handle;
    __typeof__(wrn_load) *load;
    __typeof__(wrn_infer) *infer;
    __typeof__(wrn_free) *free;
    __typeof__(wrn_version) *version;
};

static struct api open_library(void)
{
    struct api a = { .handle = dlopen(library, RTLD_NOW | RTLD_LOCAL) };
    if (!a.handle) {
        fprintf(report, "%s\n", dlerror());
        exit(1);
    }
    *(void **)&a.load = dlsym(a.handle, "wrn_load");
    *(void **)&a.infer = dlsym(a.handle, "wrn_infer");
    *(void **)&a.free = dlsym(a.handle, "wrn_free");
    *(void **)&a.version = dlsym(a.handle, "wrn_version");
    return a;
}

static void use(const struct api *a)
{
    static float input[3 * 32 * 32], output[10];
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model *model;
    wrn_error error;
    options.threads = 3;
    CHECK(a->load(model_file, &options, &model, &error) == WRN_OK);
    CHECK(a->infer(model, 1, input, 3 * 32 * 32, output, 10, &error) == WRN_OK);
    CHECK(a->infer(model, 2, input, 1, output, 10, &error) != WRN_OK);
    a->free(model);
    CHECK(a->load("no such file", NULL, &model, &error) == WRN_E_IO);
}

static long lines_of(const char *path)
{
    FILE *file = fopen(path, "r");
    long lines = 0;
    for (int c; file && (c = fgetc(file)) != EOF;) lines += c == '\n';
    if (file) fclose(file);
    return lines;
}

/* Of /proc/self/status, such as "VmData:" in KB. */
static long status_of(const char *name)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long value = -1;
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0) value = strtol(line + strlen(name), NULL, 10);
    if (file) fclose(file);
    return value;
}

static int open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) count += fcntl(fd, F_GETFD) != -1;
    return count;
}

static void reopened(void)
{
    enum { ROUNDS = 1000, WARM = 100, EACH = 20 };
    long data = 0, maps = 0, files = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct api a = open_library();
        CHECK(a.version() >= 100);
        if (i % EACH == 0) use(&a);
        dlclose(a.handle);
        if (i == WARM) data = status_of("VmData:"), maps = lines_of("/proc/self/maps"), files = open_files();
    }
    CHECK(!dlopen(library, RTLD_NOW | RTLD_NOLOAD)); /* nothing in it keeps it */
    if (WATCHED) return;
    CHECK(status_of("Threads:") == 2); /* this one and the host's */
    CHECK(open_files() == files && lines_of("/proc/self/maps") <= maps + 2);
    CHECK(data > 0 && status_of("VmData:") <= data + 256);
}

/* What a host has set, to be compared before and after. */
struct surroundings {
    void (*handlers[64])(int);
    sigset_t mask;
    char folder[4096], environment[1 << 16];
    struct rlimit limits[RLIM_NLIMITS];
    mode_t umask;
    cpu_set_t cpus;
    int nice, policy;
};

static struct surroundings *look(pthread_t thread)
{
    extern char **environ;
    struct surroundings *s = calloc(1, sizeof *s);
    struct sched_param param;
    size_t at = 0;
    for (int i = 1; i < 64; i++) {
        struct sigaction action;
        if (sigaction(i, NULL, &action) == 0) s->handlers[i] = action.sa_handler;
    }
    pthread_sigmask(SIG_SETMASK, NULL, &s->mask);
    if (!getcwd(s->folder, sizeof s->folder)) s->folder[0] = 0;
    for (char **e = environ; *e && at + strlen(*e) + 1 < sizeof s->environment; e++)
        at += (size_t)sprintf(s->environment + at, "%s\n", *e);
    for (int i = 0; i < (int)RLIM_NLIMITS; i++) getrlimit(i, &s->limits[i]);
    s->umask = umask(0);
    umask(s->umask);
    pthread_getaffinity_np(thread, sizeof s->cpus, &s->cpus);
    pthread_getschedparam(thread, &s->policy, &param);
    s->nice = getpriority(PRIO_PROCESS, 0);
    return s;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Another library's thread: asleep until the end. */
static void *wait_for_lock(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void handler(int signal) { (void)signal; }

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    /* glibc gives back what is freed at once, instead of learning from what it sees. */
    mallopt(M_MMAP_THRESHOLD, 1 << 16);
    mallopt(M_TRIM_THRESHOLD, 0);
    library = argv[1];
    model_file = argv[2];

    /* Whatever the library might print would go to a file that is looked at in the end. */
    FILE *printed = tmpfile();
    report = fdopen(dup(2), "w");
    fflush(NULL);
    dup2(fileno(printed), 1);
    dup2(fileno(printed), 2);
    signal(SIGUSR1, handler);
    signal(SIGPIPE, SIG_IGN);
    pthread_mutex_lock(&lock);
    pthread_t other;
    pthread_create(&other, NULL, wait_for_lock, NULL);
    pthread_setname_np(other, "other");

    struct surroundings *mine = look(pthread_self()), *others = look(other);
    reopened();
    struct surroundings *mine_now = look(pthread_self()), *others_now = look(other);
    char name[16];
    CHECK(memcmp(mine, mine_now, sizeof *mine) == 0 && memcmp(others, others_now, sizeof *others) == 0);
    CHECK(pthread_getname_np(other, name, sizeof name) == 0 && strcmp(name, "other") == 0);
    fflush(NULL);
    struct stat info;
    CHECK(fstat(fileno(printed), &info) == 0 && info.st_size == 0);

    pthread_mutex_unlock(&lock);
    CHECK(pthread_join(other, NULL) == 0);
    free(mine);
    free(others);
    free(mine_now);
    free(others_now);
    fclose(printed);
    fclose(report);
    return failures != 0;
}
