/* SPDX-License-Identifier: Apache-2.0 */
/* PNG by libspng. */
#include "image.h"

#include <spng.h>

/* Text and colour profiles may unpack to a thousand times their size, and are of no use here. */
static const size_t chunk_limit = 1 << 20, all_chunks_limit = 4 << 20;

static bool fail_png(wrn_error *error, int code)
{
    if (code == SPNG_EOF || code == SPNG_EIDAT_TOO_SHORT || code == SPNG_IO_EOF)
        return fail_with(error, WRN_E_FORMAT, "the image ends early");
    if (code == SPNG_EOVERFLOW) return fail_with(error, WRN_E_LIMIT, "more pixels than the limit of 2^28");
    if (code == SPNG_EMEM) return fail_with(error, WRN_E_NOMEM, "no memory to decode the PNG");
    return fail_with(error, WRN_E_FORMAT, "damaged PNG: %s", spng_strerror(code));
}

static bool decode(spng_ctx *png, struct image *image, int *orientation, wrn_error *error)
{
    struct spng_ihdr header;
    struct spng_exif exif;
    size_t size;
    int code = spng_get_ihdr(png, &header);
    if (code) return fail_png(error, code);
    if (!image_alloc(image, header.width, header.height, error)) return false;
    code = spng_decoded_image_size(png, SPNG_FMT_RGB8, &size);
    if (!code && size != (size_t)image->width * (size_t)image->height * 3)
        return fail_with(error, WRN_E_FORMAT, "damaged PNG");
    if (!code) code = spng_decode_image(png, image->pixels, size, SPNG_FMT_RGB8, 0);
    if (!code) code = spng_decode_chunks(png); /* up to the end mark */
    if (code) return fail_png(error, code);
    if (spng_get_exif(png, &exif) == 0) *orientation = exif_orientation((const uint8_t *)exif.data, exif.length);
    return true;
}

bool image_decode_png(const uint8_t *data, size_t size, struct image *image, int *orientation, wrn_error *error)
{
    spng_ctx *png = spng_ctx_new(0);
    if (!png) return fail_with(error, WRN_E_NOMEM, "no memory to decode the PNG");
    int code = spng_set_chunk_limits(png, chunk_limit, all_chunks_limit);
    if (!code) code = spng_set_png_buffer(png, data, size);
    bool decoded = code ? fail_png(error, code) : decode(png, image, orientation, error);
    spng_ctx_free(png);
    return decoded;
}
