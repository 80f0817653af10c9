/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of the decoders where they were not built; image_decode says so before it comes here. */
#include "image.h"

bool image_decode_jpeg(const uint8_t *data, size_t size, struct image *image, int *orientation, wrn_error *error)
{
    (void)data, (void)size, (void)image, (void)orientation;
    return fail_with(error, WRN_E_UNSUPPORTED, "built without images");
}

bool image_decode_png(const uint8_t *data, size_t size, struct image *image, int *orientation, wrn_error *error)
{
    return image_decode_jpeg(data, size, image, orientation, error);
}
