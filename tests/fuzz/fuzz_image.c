/* SPDX-License-Identifier: Apache-2.0 */
/* The tool's JPEG and PNG decoders: whatever the bytes, pixels of the size that is said, or an error with a message. */
#include <stdlib.h>

#include "../../tools/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image image;
    wrn_error error = { 0 };
    if (!image_decode(data, size, &image, &error)) {
        if (error.status == WRN_OK || error.message[0] == 0 || image.pixels) abort();
        return 0;
    }
    /* All pixels are there, and were written: a sanitizer sees what is not. */
    unsigned sum = 0;
    for (size_t i = 0; i < (size_t)image.width * (size_t)image.height * 3; i++)
        sum += image.pixels[i];
    if (sum == 0xFFFFFFFF) abort();
    image_free(&image);
    return 0;
}
