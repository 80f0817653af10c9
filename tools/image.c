/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"
#include "input_file.h"

#include <stdlib.h>
#include <string.h>

bool image_available(void)
{
#ifdef TOOL_HAVE_IMAGES
    return true;
#else
    return false;
#endif
}

void image_free(struct image *image)
{
    free(image->pixels);
    image->pixels = NULL;
}

bool image_alloc(struct image *image, uint64_t width, uint64_t height, wrn_error *error)
{
    image->pixels = NULL;
    if (width == 0 || height == 0) return fail_with(error, WRN_E_FORMAT, "has a width or height of zero");
    if (width > INT32_MAX || height > INT32_MAX || width * height > (uint64_t)IMAGE_MAX_PIXELS)
        return fail_with(error, WRN_E_LIMIT, "%llu x %llu pixels are more than the limit of 2^28",
                         (unsigned long long)width, (unsigned long long)height);
    image->width = (int32_t)width;
    image->height = (int32_t)height;
    image->pixels = malloc((size_t)(width * height) * 3);
    if (!image->pixels)
        return fail_with(error, WRN_E_NOMEM, "no memory for %d x %d pixels", image->width, image->height);
    return true;
}

int exif_orientation(const uint8_t *tiff, size_t size)
{
    if (size < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0)) return 1;
    bool big = tiff[0] == 'M';
#define U16(p) (uint32_t)(big ? (p)[0] << 8 | (p)[1] : (p)[1] << 8 | (p)[0])
#define U32(p) (big ? U16(p) << 16 | U16((p) + 2) : U16((p) + 2) << 16 | U16(p))
    uint32_t directory = U32(tiff + 4);
    if (directory > size - 2) return 1;
    uint32_t entries = U16(tiff + directory);
    for (uint32_t i = 0; i < entries; i++) {
        uint64_t at = (uint64_t)directory + 2 + 12 * (uint64_t)i;
        if (at + 12 > size) return 1;
        const uint8_t *entry = tiff + at;
        if (U16(entry) != 0x0112) continue;
        uint32_t value = U16(entry + 8);
        return U16(entry + 2) == 3 && value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
#undef U16
#undef U32
}

/* Turns and mirrors as Exif asks for: 2 mirrored, 3 half a turn, 4 upside down, 5 transposed, 6 a quarter turn
 * clockwise brings it upright, 7 transposed over the other diagonal, 8 a quarter turn counter-clockwise. */
static bool make_upright(struct image *image, int orientation, wrn_error *error)
{
    struct image turned;
    bool swap = orientation >= 5;
    bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int32_t w = image->width, h = image->height;
    if (!image_alloc(&turned, (uint64_t)(swap ? h : w), (uint64_t)(swap ? w : h), error)) return false;
    uint8_t *to = turned.pixels;
    for (int32_t y = 0; y < turned.height; y++) {
        for (int32_t x = 0; x < turned.width; x++, to += 3) {
            int32_t column = swap ? y : x, row = swap ? x : y;
            if (from_right) column = w - 1 - column;
            if (from_bottom) row = h - 1 - row;
            memcpy(to, image->pixels + ((size_t)row * (size_t)w + (size_t)column) * 3, 3);
        }
    }
    image_free(image);
    *image = turned;
    return true;
}

bool image_decode(const uint8_t *data, size_t size, struct image *image, wrn_error *error)
{
    int orientation = 1;
    bool decoded;
    image->pixels = NULL;
    if (size == 0) return fail_with(error, WRN_E_FORMAT, "is empty");
    if (!image_available())
        return fail_with(error, WRN_E_UNSUPPORTED,
                         "this wrn was built without libjpeg and libspng, so it reads no images");
    if (size >= 3 && memcmp(data, "\xFF\xD8\xFF", 3) == 0)
        decoded = image_decode_jpeg(data, size, image, &orientation, error);
    else if (size >= 8 && memcmp(data, "\x89PNG\r\n\x1A\n", 8) == 0)
        decoded = image_decode_png(data, size, image, &orientation, error);
    else
        return fail_with(error, WRN_E_FORMAT, "is neither a JPEG nor a PNG image");
    if (decoded && orientation != 1) decoded = make_upright(image, orientation, error);
    if (!decoded) image_free(image);
    return decoded;
}

bool image_load(const char *path, struct image *image, wrn_error *error)
{
    uint8_t *data;
    size_t size = 0;
    image->pixels = NULL;
    if (!input_read_all(path, IMAGE_MAX_FILE, &data, &size, error)) return false;
    bool decoded = image_decode(data, size, image, error);
    free(data);
    return decoded;
}
