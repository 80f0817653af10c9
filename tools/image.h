/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_IMAGE_H
#define TOOL_IMAGE_H
/* JPEG and PNG files to pixels. Files are not trusted: see the limits. */
#include "report.h"

struct image {
    int32_t width, height;
    uint8_t *pixels; /* RGB, 8 bits each, rows from the top without gaps */
};

#define IMAGE_MAX_PIXELS (INT64_C(1) << 28)
#define IMAGE_MAX_FILE (UINT64_C(1) << 30)

/* False where the tool was built without the libraries that decode images. */
bool image_available(void);

/* The kind is told from the contents. Grey is replicated, alpha dropped, CMYK converted, 16 bits rounded down to 8, the
 * orientation in Exif applied. On success image->pixels is to be released with image_free. */
bool image_load(const char *path, struct image *image, wrn_error *error);
bool image_decode(const uint8_t *data, size_t size, struct image *image, wrn_error *error);
void image_free(struct image *image);

/* For the decoders: allocates the pixels after checking the limits. */
bool image_alloc(struct image *image, uint64_t width, uint64_t height, wrn_error *error);

/* The decoders. *orientation is what Exif says: 1 to 8. */
bool image_decode_jpeg(const uint8_t *data, size_t size, struct image *image, int *orientation, wrn_error *error);
bool image_decode_png(const uint8_t *data, size_t size, struct image *image, int *orientation, wrn_error *error);

/* The orientation in a TIFF structure (what Exif is): 1, upright, where there is none. */
int exif_orientation(const uint8_t *tiff, size_t size);

#endif
