/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_DATASET_H
#define TOOL_DATASET_H
/* Labelled images, to measure a model with. */
#include "image.h"

struct dataset;

/*
 * `path` is one of
 *   a .bin file of CIFAR-10 (records of 3073 bytes: label, pixels) or CIFAR-100 (3074: coarse and fine label, pixels)
 *   a .mat file of SVHN's cropped digits
 *   a folder that holds test_batch.bin (CIFAR-10), test.bin (CIFAR-100) or test_32x32.mat (SVHN)
 *   a folder of images, <class>/<image>.jpg or .png. Folder names are matched with the model's labels; where it has
 * none, or none fits, the folders in the order of their names are the classes from 0. Records are checked here: a label
 * the model does not have is an error.
 */
bool dataset_open(const char *path, const wrn_model *model, struct dataset **dataset, wrn_error *error);
void dataset_close(struct dataset *dataset);

size_t dataset_count(const struct dataset *dataset);
size_t dataset_classes(const struct dataset *dataset);

/* Image number `index` and its class; image->pixels is to be released with image_free. */
bool dataset_read(const struct dataset *dataset, size_t index, struct image *image, int32_t *label, wrn_error *error);

#endif
