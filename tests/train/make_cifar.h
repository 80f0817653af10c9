/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_MAKE_CIFAR_H
#define WRN_TESTS_MAKE_CIFAR_H
/* Small data sets and runs in a temporary directory. */
#include "wrn_train.h"

#include <stddef.h>

/* A fresh directory in the system's folder for such; the returned text is static. */
const char *make_directory(void);
void remove_directory(const char *path);

/* path + "/" + name, in one of a few static buffers. */
const char *in(const char *path, const char *name);

/* Files of CIFAR-10 with 5 * per_file training images and `tests` test images of ten kinds that can be told apart, and names. */
void make_cifar10(const char *folder, int per_file, int tests);
/* The same for CIFAR-100. */
void make_cifar100(const char *folder, int images);

void write_file(const char *path, const void *data, size_t size);
/* The file's bytes, to be freed; fails the running test if it cannot be read. */
unsigned char *read_file(const char *path, size_t *size);
void assert_same_files(const char *a, const char *b);

/* Options for a tiny network on `data`: 2 epochs of batches of 16. */
wrn_train_options tiny_run(const char *data, const char *directory);

/* Creates, runs, frees. */
wrn_status run_trainer(const wrn_train_options *options, wrn_error *error);

/* A progress callback that looks at what it is told, for data sets of 50 test images. */
struct watch {
    int32_t stop_after; /* calls; 0: never */
    int32_t calls, evaluations, last_correct;
    double first_loss, last_loss;
};
int32_t watch(void *watch, const wrn_train_progress *progress);

/* How many of the test images of make_cifar10's folder a model file recognizes, through wrn.h. */
int count_right(const char *folder, const char *model_file);

#endif
