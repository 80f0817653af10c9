/* SPDX-License-Identifier: Apache-2.0 */
/* PNG by libpng, where libspng is not to be had. */
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include <png.h>

struct decoder {
    const uint8_t *data;
    size_t size, position;
    struct image *image;
    png_bytep *rows;
    wrn_error *error;
};

/* Text and colour profiles may unpack to a thousand times their size, and are of no use here. */
static const png_alloc_size_t chunk_limit = 1 << 20;
static const png_uint_32 chunks_limit = 1000;

static void on_error(png_structp png, png_const_charp message)
{
    struct decoder *d = png_get_error_ptr(png);
    if (d->error->message[0] == 0) fail_with(d->error, WRN_E_FORMAT, "damaged PNG: %s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png, (void)message;
}

static void on_read(png_structp png, png_bytep to, size_t count)
{
    struct decoder *d = png_get_io_ptr(png);
    if (count > d->size - d->position) {
        fail_with(d->error, WRN_E_FORMAT, "the image ends early");
        png_error(png, "end");
    }
    memcpy(to, d->data + d->position, count);
    d->position += count;
}

/* All that may end in a jump back here; what it owns is in *d, which its caller frees. */
static bool decode(struct decoder *d, png_structp png, png_infop info, int *orientation)
{
    png_bytep exif;
    png_uint_32 exif_size;
    if (setjmp(png_jmpbuf(png)) != 0) return false;
    png_set_read_fn(png, d, on_read);
    png_set_user_limits(png, INT32_MAX, INT32_MAX); /* image_alloc has a stricter limit, and a message for it */
    png_set_chunk_malloc_max(png, chunk_limit);
    png_set_chunk_cache_max(png, chunks_limit);
    png_read_info(png, info);
    if (!image_alloc(d->image, png_get_image_width(png, info), png_get_image_height(png, info), d->error)) return false;

    png_set_expand(png);
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != (size_t)d->image->width * 3)
        return fail_with(d->error, WRN_E_FORMAT, "damaged PNG");
    d->rows = malloc((size_t)d->image->height * sizeof *d->rows);
    if (!d->rows) return fail_with(d->error, WRN_E_NOMEM, "no memory to decode the PNG");
    for (int32_t y = 0; y < d->image->height; y++)
        d->rows[y] = d->image->pixels + (size_t)y * (size_t)d->image->width * 3;
    png_read_image(png, d->rows);
    png_read_end(png, info);
    if (png_get_eXIf_1(png, info, &exif_size, &exif)) *orientation = exif_orientation(exif, exif_size);
    return true;
}

bool image_decode_png(const uint8_t *data, size_t size, struct image *image, int *orientation, wrn_error *error)
{
    struct decoder d = { .data = data, .size = size, .image = image, .error = error };
    bool decoded = false;
    error->message[0] = 0;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info)
        fail_with(error, WRN_E_NOMEM, "no memory to decode the PNG");
    else
        decoded = decode(&d, png, info, orientation);
    png_destroy_read_struct(&png, &info, NULL);
    free(d.rows);
    return decoded;
}
