/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXAMPLES_READ_PPM_H
#define EXAMPLES_READ_PPM_H
/* The simplest of image formats, which `djpeg` and most image programs write: P6, width, height, 255, RGB bytes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct picture {
    int32_t width, height;
    uint8_t *pixels; /* to be freed; NULL where the file could not be read, which has been said */
};

static inline struct picture read_ppm(const char *path)
{
    struct picture p = { 0, 0, NULL };
    FILE *file = fopen(path, "rb");
    if (file && fscanf(file, "P6 %d %d 255", &p.width, &p.height) == 2 && fgetc(file) != EOF && p.width > 0 &&
        p.height > 0 && p.width <= 16384 && p.height <= 16384) {
        size_t size = (size_t)p.width * (size_t)p.height * 3;
        p.pixels = (uint8_t *)malloc(size); /* C++ wants the cast */
        if (p.pixels && fread(p.pixels, 1, size, file) != size) {
            free(p.pixels);
            p.pixels = NULL;
        }
    }
    if (file) fclose(file);
    if (!p.pixels) fprintf(stderr, "%s: cannot be read as a PPM image\n", path);
    return p;
}

#endif
