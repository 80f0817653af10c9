/* SPDX-License-Identifier: Apache-2.0 */
#include "train_source.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static bool join(char path[PATH_MAX], const char *folder, const char *name)
{
    return snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

static bool svhn_probe(const char *folder)
{
    char path[PATH_MAX];
    return join(path, folder, SVHN_TRAIN) && access(path, F_OK) == 0;
}

static bool read_digits(struct digits *digits, const char *folder, const char *name, wrn_error *error)
{
    char path[PATH_MAX];
    if (!join(path, folder, name)) return fail_with(error, WRN_E_LIMIT, "its path is too long");
    return svhn_read(digits, path, error);
}

static bool open_svhn(struct train_source *source, const char *folder, bool extra, wrn_error *error)
{
    static const char *const names[SVHN_CLASSES] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };
    struct digits *train = &source->digits[PART_TRAIN], *test = &source->digits[PART_TEST];
    source->is_svhn = true;
    if (!read_digits(train, folder, SVHN_TRAIN, error) || (extra && !read_digits(train, folder, SVHN_EXTRA, error)) ||
        !read_digits(test, folder, SVHN_TEST, error))
        return false;
    source->digits_set = (wrn_train_set){
        .struct_size = sizeof(wrn_train_set), .name = extra ? "SVHN with extra" : "SVHN",
        .classes = SVHN_CLASSES, .labels = names, .side = SVHN_SIDE,
        .train_count = (int32_t)train->count, .train_pixels = train->pixels, .train_labels = train->classes,
        .test_count = (int32_t)test->count, .test_pixels = test->pixels, .test_labels = test->classes,
    };
    source->set = &source->digits_set;
    return true;
}

static bool open_images(struct train_source *source, const char *folder, const struct train_source_options *options, wrn_error *error)
{
    if (!folder_set_open(&source->folder, folder, options->side, error)) return false;
    source->set = &source->folder.set;
    bool decoded = !source->set->load; /* and so checked */
    return decoded || !options->check || folder_set_check(&source->folder, options->threads, error);
}

bool train_source_open(struct train_source *source, const char *path, const struct train_source_options *options, wrn_error *error)
{
    *source = (struct train_source){ .set = NULL };
    if (svhn_probe(path)) return open_svhn(source, path, options->extra, error);
    if (options->extra) return fail_with(error, WRN_E_ARG, "--extra: there is no %s in it, so it is not SVHN", SVHN_TRAIN);
    return !folder_set_probe(path) || open_images(source, path, options, error);
}

void train_source_copied(struct train_source *source)
{
    folder_set_forget_pixels(&source->folder);
    for (int part = 0; part < PARTS; part++) svhn_free(&source->digits[part]);
}

void train_source_free(struct train_source *source)
{
    train_source_copied(source);
    folder_set_free(&source->folder);
}
