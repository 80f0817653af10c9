/* SPDX-License-Identifier: Apache-2.0 */
/* wrn-train: trains a Wide Residual Network. */
#include "cli_options.h"
#include "model_open.h"
#include "recipes.h"
#include "report.h"
#include "term.h"
#include "train_display.h"
#include "train_source.h"
#include "train_team.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DROPS = 16 };
enum { NORMALIZE_USUAL, NORMALIZE_CIFAR, NORMALIZE_SVHN, NORMALIZE_IMAGENET };
static const char *const normalizations[] = { "usual", "cifar", "svhn", "imagenet", NULL };

struct settings {
    wrn_train_options train;
    const char *network, *directory, *drops;
    int32_t list[MAX_DROPS];
    double seed;
    int32_t recipe;    /* RECIPE_... */
    int32_t normalize; /* NORMALIZE_... */
    wrn_preprocess preprocess;
    bool extra, check_images, resume, plain, no_bn_decay, plain_momentum, recompute, dry_run, eval_only, fixed_order;
    struct team team;
};

/* Worker 0 alone prints what all have in common. */
static bool speaks(const struct settings *s)
{
    return s->team.workers.rank == 0;
}

/* The first signal asks for a checkpoint; SA_RESETHAND makes the second one end the program at once. */
static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    interrupted = signal_number;
}

/* mpirun passes SIGUSR1 on, and batch systems send it before a job's time is over. */
static void catch_signals(bool in_team)
{
    struct sigaction action = { .sa_handler = interrupt, .sa_flags = (int)(SA_RESETHAND | SA_RESTART) };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (in_team) sigaction(SIGUSR1, &action, NULL);
}

static int32_t show(void *user, const wrn_train_progress *progress)
{
    if (user) display_update(user, progress);
    return interrupted != 0;
}

static bool parse_depth(const char *number, wrn_train_network *network)
{
    double depth;
    if (!parse_number(number, &depth) || depth < 1 || depth > 100000 || depth != (int32_t)depth) return false;
    network->depth = (int32_t)depth;
    return true;
}

/* The networks that the paper compares its own with: of the CIFAR family those with bottlenecks of the pre-activation paper. */
static bool parse_resnet(const char *depth, wrn_train_network *network)
{
    network->k = 1;
    if (!parse_depth(depth, network)) return false;
    if (network->family == WRN_TRAIN_FAMILY_IMAGENET) return true;
    if (!network->block) network->block = "1,3,1";
    if (!network->bottleneck) network->bottleneck = 4;
    return network->depth == 164 || network->depth == 1001;
}

/* "wrn-28-10", "16-2", "40-1.5": depth and widening factor; "resnet-164". */
static bool parse_network(const char *text, wrn_train_network *network)
{
    char number[16];
    if (strncmp(text, "resnet-", 7) == 0) return parse_resnet(text + 7, network);
    if (strncmp(text, "wrn-", 4) == 0 || strncmp(text, "WRN-", 4) == 0) text += 4;
    size_t length = strcspn(text, "-");
    if (text[length] != '-' || length == 0 || length >= sizeof number) return false;
    memcpy(number, text, length);
    number[length] = 0;
    return parse_depth(number, network) && parse_number(text + length + 1, &network->k);
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

/* How wide and high the network's input is: what wrn_train_network.size says of 0. */
static int32_t input_side(const wrn_train_network *network)
{
    return network->size ? network->size : network->family == WRN_TRAIN_FAMILY_IMAGENET ? 224 : 32;
}

/* The usual geometry with other numbers. */
static wrn_status choose_normalization(struct settings *s, wrn_error *error)
{
    wrn_preprocess numbers = WRN_PREPROCESS_INIT, *p = &s->preprocess;
    int32_t side = input_side(&s->train.network);
    bool loaded = s->train.set && s->train.set->load;
    if (s->normalize == NORMALIZE_USUAL) return WRN_OK;
    *p = (wrn_preprocess)WRN_PREPROCESS_INIT;
    wrn_status status = wrn_preprocess_preset(loaded ? "imagenet" : "cifar", side, side, p, error);
    if (status == WRN_OK) status = wrn_preprocess_preset(normalizations[s->normalize], side, side, &numbers, error);
    p->scale_to = numbers.scale_to;
    memcpy(p->mean, numbers.mean, sizeof p->mean);
    memcpy(p->std, numbers.std, sizeof p->std);
    s->train.preprocess = p;
    return status;
}

static bool complete(struct settings *s, const char *data)
{
    s->train.data = data;
    s->train.directory = s->dry_run ? NULL : s->directory;
    s->train.seed = (uint64_t)s->seed;
    s->train.drops = s->list;
    s->team.workers.fixed_order = s->fixed_order;
    s->train.workers = &s->team.workers;
    if (s->resume || s->eval_only) s->train.flags |= WRN_TRAIN_RESUME;
    if (s->plain) s->train.flags |= WRN_TRAIN_PLAIN_IMAGES;
    if (s->no_bn_decay) s->train.flags |= WRN_TRAIN_NO_BN_DECAY;
    if (s->recompute) s->train.flags |= WRN_TRAIN_RECOMPUTE;
    if (s->plain_momentum) s->train.flags |= WRN_TRAIN_PLAIN_MOMENTUM;
    if (s->recipe == RECIPE_SVHN && s->normalize == NORMALIZE_USUAL) s->normalize = NORMALIZE_SVHN;
    if (s->dry_run && (s->resume || s->eval_only)) {
        complain("--dry-run reads no checkpoint: it goes with neither --resume nor --eval-only");
        return false;
    }
    if (!parse_network(s->network, &s->train.network)) {
        complain("--network: '%s' is neither DEPTH-K, such as 16-2 or wrn-28-10, nor resnet-164 or resnet-1001", s->network);
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
    recipe_apply((enum recipe)s->recipe, &s->train, s->list);
    return true;
}

static void print_start(const wrn_train_info *info, const struct settings *s)
{
    printf("%s: %llu parameters, %d training images, %d classes, %d thread%s, %s, %.0f MB\n", s->network, (unsigned long long)info->parameters,
           info->train_count, info->classes, info->threads, info->threads == 1 ? "" : "s", isa_words[info->isa], (double)info->memory_bytes / 1e6);
    if (s->train.set && s->train.set->load) puts("images are decoded as they are needed; random parts of them are resized");
    if (s->team.workers.count > 1) printf("%d workers%s\n", s->team.workers.count, s->fixed_order ? " in a fixed order" : "");
    if (info->epoch || info->step) printf("going on in epoch %d after %d steps\n", info->epoch + 1, info->step);
    fflush(stdout);
}

/* Where another recipe is the usual one. */
static void advise(const struct settings *s, const struct train_source *source, const wrn_train_info *info)
{
    if (info->new_classifier) note("the model has other classes: the linear layer begins at random");
    if (source->is_svhn) {
        if (s->recipe != RECIPE_SVHN) note("this is SVHN, for which the paper's recipe is --recipe svhn");
    } else if (s->train.network.family == WRN_TRAIN_FAMILY_IMAGENET && s->recipe != RECIPE_IMAGENET) {
        note("the usual recipe for networks of the ImageNet family is --recipe imagenet");
    }
}

static wrn_status print_estimate(const wrn_trainer *trainer, wrn_error *error)
{
    double seconds;
    char time[32];
    wrn_status status = wrn_train_estimate(trainer, &seconds, error);
    display_time(time, sizeof time, seconds);
    if (status == WRN_OK) printf("training would take about %s on this machine, if nothing else runs on it\n", time);
    return status;
}

/* The command line again, for a shell. */
static void print_resume(int workers, int count, char **arguments)
{
    printf("go on with:");
    if (workers > 1) printf(" mpirun -n %d", workers);
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

static wrn_status evaluate(wrn_trainer *trainer, const wrn_train_info *info, bool print, wrn_error *error)
{
    int32_t correct;
    wrn_status status = wrn_train_evaluate(trainer, &correct, error);
    if (status == WRN_OK && print) printf("test %.2f%% (%d/%d)\n", 100.0 * correct / info->test_count, correct, info->test_count);
    return status;
}

static bool open_source(struct settings *s, struct train_source *source, const char *data, wrn_error *error)
{
    const struct train_source_options options = { .side = input_side(&s->train.network), .threads = s->train.threads, .extra = s->extra,
                                                  .check = s->check_images };
    if (!train_source_open(source, data, &options, error)) return false;
    if (source->set) s->train.data = NULL;
    s->train.set = source->set;
    return choose_normalization(s, error) == WRN_OK;
}

static int train(struct settings *s, int count, char **arguments)
{
    wrn_train_info info = WRN_TRAIN_INFO_INIT;
    wrn_trainer *trainer = NULL;
    wrn_error error;
    struct display display = display_start();
    struct train_source source;
    const char *data = s->train.data;
    s->train.progress_user = speaks(s) ? &display : NULL;
    s->train.progress = show;
    if (!team_agree(&s->team, open_source(s, &source, data, &error), &error)) {
        train_source_free(&source);
        return speaks(s) ? report(data, &error) : 1;
    }
    wrn_status status = wrn_train_create(&s->train, &trainer, &error);
    train_source_copied(&source);
    if (status == WRN_OK) status = wrn_train_get_info(trainer, &info, &error);
    if (status == WRN_OK && speaks(s)) {
        advise(s, &source, &info);
        print_start(&info, s);
    }
    if (status == WRN_OK && s->eval_only) {
        status = evaluate(trainer, &info, speaks(s), &error);
    } else if (status == WRN_OK && s->dry_run && speaks(s)) {
        status = print_estimate(trainer, &error);
    } else if (status == WRN_OK && !s->dry_run) {
        catch_signals(s->team.workers.count > 1);
        status = wrn_train_run(trainer, &error);
        display_end(&display);
    }
    wrn_train_free(trainer);
    train_source_free(&source);
    if (!speaks(s)) return status == WRN_OK ? 0 : status == WRN_E_CANCELLED ? 130 : 1;
    if (status == WRN_OK) {
        if (!s->dry_run) printf("done: %s/model.wrn\n", s->directory);
        return finish_output(0);
    }
    if (status != WRN_E_CANCELLED) return report(NULL, &error);
    printf("%s\n", error.message);
    print_resume(s->team.workers.count, count, arguments);
    return finish_output(130);
}

/* Worker 0 first, so that a mistake in what all were given is told once. */
static bool read_options(const struct usage *usage, struct settings *s, int *argc, char **argv, int *status)
{
    bool good = true;
    *status = 0;
    for (int turn = 0; turn < 2 && good; turn++) {
        if (speaks(s) == (turn == 0)) {
            good = options_parse(usage, argc, argv, status);
            if (good && !complete(s, argv[0])) {
                good = false;
                *status = 1;
            }
        }
        good = team_all(&s->team, good);
    }
    return good;
}

int main(int argc, char **argv)
{
    static const char *const schedules[] = { "steps", "cosine", "one-cycle", NULL }, *const families[] = { "cifar", "imagenet", NULL };
    struct settings s = { .train = WRN_TRAIN_OPTIONS_INIT, .network = "16-1", .directory = "wrn-train" };
    wrn_train_options *o = &s.train;
    o->network.dropout = o->schedule = -1; /* the recipe's */
    const struct option options[] = {
        OPTION_TEXT("network", "DEPTH-K", "WRN-depth-k, such as 16-2 (default 16-1); resnet-164", &s.network),
        OPTION_TEXT("dir", "DIRECTORY", "for model, log and checkpoint (default wrn-train)", &s.directory),
        OPTION_TEXT("from", "MODEL", "begin with a model's weights, not at random", &o->initial),
        OPTION_FLAG("resume", "go on from the directory's checkpoint", &s.resume),
        OPTION_FLAG("eval-only", "test the checkpoint's weights and write them as a model", &s.eval_only),
        OPTION_FLAG("dry-run", "check everything, tell what it would take, write nothing", &s.dry_run),
        OPTION_WORD("recipe", "paper|quick|svhn|imagenet", "sets what is not given; quick: 30 epochs", &s.recipe, recipe_words),
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
        OPTION_WORD("family", "cifar|imagenet", "imagenet: 18-K, 34-K, 50-K, 101-K of torchvision's form", &o->network.family, families),
        OPTION_INTEGER("size", "N", "side of the network's input in pixels (default 32 or 224)", &o->network.size, 8, 1024),
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
        OPTION_FLAG("fixed-order", "workers add gradients in order: same bits as alone", &s.fixed_order),
        OPTION_FLAG("recompute", "keep no activations for the way back: less memory, more time", &s.recompute),
        OPTION_FLAG("no-augment", "neither flips nor crops", &s.plain),
        OPTION_NUMBER("crop-scale", "S", "parts that are resized have S to 1 of the area (default 0.08)", &o->crop_scale, 0.001, 1),
        OPTION_WORD("normalize", "usual|cifar|svhn|imagenet", "mean and deviation of pixels", &s.normalize, normalizations),
        OPTION_FLAG("check-images", "decode all images of a folder before the run", &s.check_images),
        OPTION_FLAG("extra", "SVHN: train on extra_32x32.mat too", &s.extra),
        OPTION_WORD("isa", "auto|c|avx2|avx512|neon", "instruction set", &o->isa, isa_words),
        OPTION_INTEGER("checkpoint-steps", "N", "a checkpoint every N steps", &o->checkpoint_steps, 1, INT32_MAX),
        OPTION_INTEGER("checkpoint-seconds", "N", "a checkpoint every N seconds (default 600)", &o->checkpoint_seconds, 1, INT32_MAX),
        { 0 },
    };
    const struct usage usage = {
        .command = "",
        .arguments = "DATASET",
        .text = "Trains a Wide Residual Network on a folder of CIFAR-10's or CIFAR-100's binary\n"
                "files, of SVHN's train_32x32.mat and test_32x32.mat, or of images in\n"
                "train/<class>/*.jpg|png and test/<class>/ or val/<class>/, by default as the\n"
                "paper does. Ctrl-C writes a checkpoint and tells how to go on.",
        .min_arguments = 1,
        .max_arguments = 1,
        .options = options,
    };
    char name[40];
    int count = argc, status = 1;
    char **arguments = malloc((size_t)argc * sizeof *arguments);
    if (!arguments) return complain("no memory");
    memcpy(arguments, argv, (size_t)argc * sizeof *arguments);
    term_start();
    program_start("wrn-train");
    bool together = team_start(&argc, &argv, &s.team);
    if (!speaks(&s)) {
        snprintf(name, sizeof name, "wrn-train, worker %d", s.team.workers.rank);
        program_start(name);
    }
    if (together && read_options(&usage, &s, &argc, argv, &status)) status = train(&s, count, arguments);
    team_end(&s.team);
    free(arguments);
    return status;
}
