/* SPDX-License-Identifier: Apache-2.0 */
/* wrn-train: trains a Wide Residual Network. */
#include "cli_options.h"
#include "model_open.h"
#include "report.h"
#include "term.h"
#include "train_display.h"
#include "train_folder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DROPS = 16 };
enum { RECIPE_PAPER, RECIPE_QUICK };

struct settings {
    wrn_train_options train;
    const char *network, *directory, *drops;
    int32_t list[MAX_DROPS];
    double seed;
    int32_t recipe; /* RECIPE_... */
    bool resume, plain, no_bn_decay, plain_momentum, recompute, dry_run, eval_only;
};

/* The first signal asks for a checkpoint; SA_RESETHAND makes the second one end the program at once. */
static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    interrupted = signal_number;
}

static void catch_signals(void)
{
    struct sigaction action = { .sa_handler = interrupt, .sa_flags = (int)(SA_RESETHAND | SA_RESTART) };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static int32_t show(void *user, const wrn_train_progress *progress)
{
    display_update(user, progress);
    return interrupted != 0;
}

/* "wrn-28-10", "16-2", "40-1.5": depth and widening factor. */
static bool parse_network(const char *text, wrn_train_network *network)
{
    char number[16];
    if (strncmp(text, "wrn-", 4) == 0 || strncmp(text, "WRN-", 4) == 0) text += 4;
    size_t length = strcspn(text, "-");
    double depth;
    if (text[length] != '-' || length == 0 || length >= sizeof number) return false;
    memcpy(number, text, length);
    number[length] = 0;
    if (!parse_number(number, &depth) || depth < 1 || depth > 100000 || depth != (int32_t)depth) return false;
    network->depth = (int32_t)depth;
    return parse_number(text + length + 1, &network->k);
}

/* "60,120,160" */
static bool parse_drops(const char *text, struct settings *s)
{
    for (;;) {
        char number[16];
        double epoch;
        size_t length = strcspn(text, ",");
        if (length >= sizeof number || s->train.drop_count == MAX_DROPS) return false;
        memcpy(number, text, length);
        number[length] = 0;
        if (!parse_number(number, &epoch) || epoch < 1 || epoch > 1e6 || epoch != (int32_t)epoch) return false;
        s->list[s->train.drop_count++] = (int32_t)epoch;
        if (text[length] == 0) return true;
        text += length + 1;
    }
}

/* What was not given is what makes most of a run of some hours. */
static void be_quick(struct settings *s)
{
    wrn_train_options *o = &s->train;
    if (o->epochs == 0) o->epochs = 30;
    if (o->rate == 0) o->rate = 0.25;
    if (o->warmup_epochs == 0) o->warmup_epochs = 0.2 * o->epochs;
    if (o->label_smoothing == 0) o->label_smoothing = 0.05;
    o->schedule = WRN_TRAIN_SCHEDULE_ONE_CYCLE;
    s->no_bn_decay = true;
}

static bool complete(struct settings *s, const char *data)
{
    if (s->recipe == RECIPE_QUICK) be_quick(s);
    s->train.data = data;
    s->train.directory = s->dry_run ? NULL : s->directory;
    s->train.seed = (uint64_t)s->seed;
    s->train.drops = s->list;
    if (s->resume || s->eval_only) s->train.flags |= WRN_TRAIN_RESUME;
    if (s->plain) s->train.flags |= WRN_TRAIN_PLAIN_IMAGES;
    if (s->no_bn_decay) s->train.flags |= WRN_TRAIN_NO_BN_DECAY;
    if (s->recompute) s->train.flags |= WRN_TRAIN_RECOMPUTE;
    if (s->plain_momentum) s->train.flags |= WRN_TRAIN_PLAIN_MOMENTUM;
    if (s->dry_run && (s->resume || s->eval_only)) {
        complain("--dry-run reads no checkpoint: it goes with neither --resume nor --eval-only");
        return false;
    }
    if (!parse_network(s->network, &s->train.network)) {
        complain("--network: '%s' is not DEPTH-K, such as 16-2 or wrn-28-10", s->network);
        return false;
    }
    if (s->drops && !parse_drops(s->drops, s)) {
        complain("--drops: '%s' is not a list of up to %d epochs such as 60,120,160", s->drops, MAX_DROPS);
        return false;
    }
    if (s->seed != (double)s->train.seed) {
        complain("--seed: %g is not a whole number", s->seed);
        return false;
    }
    return true;
}

static void print_start(const wrn_train_info *info, const struct settings *s)
{
    printf("%s: %llu parameters, %d training images, %d classes, %d thread%s, %s, %.0f MB\n", s->network, (unsigned long long)info->parameters,
           info->train_count, info->classes, info->threads, info->threads == 1 ? "" : "s", isa_words[info->isa], (double)info->memory_bytes / 1e6);
    if (info->epoch || info->step) printf("going on in epoch %d after %d steps\n", info->epoch + 1, info->step);
    fflush(stdout);
}

/* The command line again, for a shell. */
static void print_resume(int count, char **arguments)
{
    printf("go on with:");
    for (int i = 0; i < count; i++) {
        if (strcmp(arguments[i], "--resume") == 0) continue;
        bool plain = arguments[i][0] && arguments[i][strspn(arguments[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=.,/:+@")] == 0;
        putchar(' ');
        if (!plain) putchar('\'');
        for (const char *c = arguments[i]; *c; c++) {
            if (!plain && *c == '\'') fputs("'\\'", stdout);
            putchar(*c);
        }
        if (!plain) putchar('\'');
    }
    puts(" --resume");
}

static wrn_status evaluate(wrn_trainer *trainer, const wrn_train_info *info, wrn_error *error)
{
    int32_t correct;
    wrn_status status = wrn_train_evaluate(trainer, &correct, error);
    if (status == WRN_OK) printf("test %.2f%% (%d/%d)\n", 100.0 * correct / info->test_count, correct, info->test_count);
    return status;
}

static int train(struct settings *s, int count, char **arguments)
{
    wrn_train_info info = WRN_TRAIN_INFO_INIT;
    wrn_trainer *trainer = NULL;
    wrn_error error;
    struct display display = display_start();
    struct folder_set folder = { .set = WRN_TRAIN_SET_INIT };
    const char *data = s->train.data;
    s->train.progress_user = &display;
    s->train.progress = show;
    if (folder_set_probe(data)) {
        s->train.data = NULL;
        s->train.set = &folder.set;
        if (!folder_set_open(&folder, data, &error)) {
            folder_set_free(&folder);
            return report(data, &error);
        }
    }
    wrn_status status = wrn_train_create(&s->train, &trainer, &error);
    folder_set_free(&folder);
    if (status == WRN_OK) status = wrn_train_get_info(trainer, &info, &error);
    if (status == WRN_OK) print_start(&info, s);
    if (status == WRN_OK && s->eval_only) {
        status = evaluate(trainer, &info, &error);
    } else if (status == WRN_OK && !s->dry_run) {
        catch_signals();
        status = wrn_train_run(trainer, &error);
        display_end(&display);
    }
    wrn_train_free(trainer);
    if (status == WRN_OK) {
        if (!s->dry_run) printf("done: %s/model.wrn\n", s->directory);
        return finish_output(0);
    }
    if (status != WRN_E_CANCELLED) return report(NULL, &error);
    printf("%s\n", error.message);
    print_resume(count, arguments);
    return finish_output(130);
}

int main(int argc, char **argv)
{
    static const char *const schedules[] = { "steps", "cosine", "one-cycle", NULL }, *const recipes[] = { "paper", "quick", NULL };
    struct settings s = { .train = WRN_TRAIN_OPTIONS_INIT, .network = "16-1", .directory = "wrn-train" };
    wrn_train_options *o = &s.train;
    const struct option options[] = {
        OPTION_TEXT("network", "DEPTH-K", "WRN-depth-k, such as 16-2 or 28-10 (default 16-1)", &s.network),
        OPTION_TEXT("dir", "DIRECTORY", "for model, log and checkpoint (default wrn-train)", &s.directory),
        OPTION_FLAG("resume", "go on from the directory's checkpoint", &s.resume),
        OPTION_FLAG("eval-only", "test the checkpoint's weights and write them as a model", &s.eval_only),
        OPTION_FLAG("dry-run", "check everything, tell what it would take, write nothing", &s.dry_run),
        OPTION_WORD("recipe", "paper|quick", "quick: 30 epochs, one cycle to 0.25, label smoothing", &s.recipe, recipes),
        OPTION_INTEGER("epochs", "N", "(default 200)", &o->epochs, 1, 1000000),
        OPTION_INTEGER("batch", "N", "images a step (default 128)", &o->batch, 1, 65536),
        OPTION_NUMBER("rate", "R", "learning rate (default 0.1)", &o->rate, 1e-9, 100),
        OPTION_WORD("schedule", "steps|cosine|one-cycle", "how the rate falls (default steps)", &o->schedule, schedules),
        OPTION_NUMBER("ema", "D", "models are averages that keep D a step, such as 0.999", &o->ema, 0, 0.999999),
        OPTION_NUMBER("mixup", "A", "mix training images in pairs, shares from beta(A, A)", &o->mixup, 0, 8),
        OPTION_INTEGER("cutout", "N", "cut a square of N pixels out of training images", &o->cutout, 0, 64),
        OPTION_NUMBER("seed", "N", "of weights, order, augmentation and dropout (default 0)", &s.seed, 0, 9e15),
        OPTION_INTEGER("threads", "N", "threads to compute with; 0: all (default)", &o->threads, 0, 1024),
        OPTION_REST,
        OPTION_TEXT("block", "3,3", "kernel sizes of a block's convolutions", &o->network.block),
        OPTION_NUMBER("dropout", "P", "between a block's convolutions", &o->network.dropout, 0, 0.99),
        OPTION_INTEGER("bottleneck", "N", "a block's last convolution is N times wider than the others", &o->network.bottleneck, 1, 16),
        OPTION_TEXT("drops", "E,E,...", "epochs at which it drops (default 30, 60 and 80 % of all)", &s.drops),
        OPTION_NUMBER("drop-factor", "F", "times what (default 0.2)", &o->drop_factor, 1e-6, 1),
        OPTION_NUMBER("warmup", "EPOCHS", "in which it rises to its height", &o->warmup_epochs, 0, 1000000),
        OPTION_NUMBER("momentum", "M", "(default 0.9; -1: none)", &o->momentum, -1, 0.9999),
        OPTION_FLAG("plain-momentum", "without Nesterov's look ahead", &s.plain_momentum),
        OPTION_NUMBER("weight-decay", "D", "(default 5e-4; -1: none)", &o->weight_decay, -1, 1),
        OPTION_FLAG("no-bn-decay", "weight decay on matrices alone", &s.no_bn_decay),
        OPTION_NUMBER("label-smoothing", "S", "(default 0)", &o->label_smoothing, 0, 0.99),
        OPTION_INTEGER("parts", "N", "make a batch's gradient in N parts, in less memory", &o->parts, 1, 65536),
        OPTION_FLAG("recompute", "keep no activations for the way back: less memory, more time", &s.recompute),
        OPTION_FLAG("no-augment", "neither flips nor crops", &s.plain),
        OPTION_WORD("isa", "auto|c|avx2|avx512|neon", "instruction set", &o->isa, isa_words),
        OPTION_INTEGER("checkpoint-steps", "N", "a checkpoint every N steps", &o->checkpoint_steps, 1, INT32_MAX),
        OPTION_INTEGER("checkpoint-seconds", "N", "a checkpoint every N seconds (default 600)", &o->checkpoint_seconds, 1, INT32_MAX),
        { 0 },
    };
    const struct usage usage = {
        .command = "",
        .arguments = "DATASET",
        .text = "Trains a Wide Residual Network on a folder of CIFAR-10's or CIFAR-100's binary\n"
                "files, or on images of 32x32 pixels in train/<class>/*.jpg|png and test/<class>/\n"
                "or val/<class>/, by default as the paper does. Ctrl-C writes a checkpoint and\n"
                "tells how to go on.",
        .min_arguments = 1,
        .max_arguments = 1,
        .options = options,
    };
    int count = argc, status;
    char **arguments = malloc((size_t)argc * sizeof *arguments);
    if (!arguments) return complain("no memory");
    memcpy(arguments, argv, (size_t)argc * sizeof *arguments);
    term_start();
    program_start("wrn-train");
    if (options_parse(&usage, &argc, argv, &status)) status = complete(&s, argv[0]) ? train(&s, count, arguments) : 1;
    free(arguments);
    return status;
}
