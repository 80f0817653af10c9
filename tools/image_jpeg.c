/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG by libjpeg-turbo. */
#include "image.h"

#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/* Progressive files have about ten scans. Each may be a few bytes and costs a walk over all coefficients, so that
 * thousands of them in a small file would keep the decoder busy for hours. */
static const int max_scans = 100;

struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    struct image *image;
    uint8_t *row; /* one row of CMYK */
    wrn_error *error;
};

static _Noreturn void give_up(j_common_ptr jpeg)
{
    struct decoder *d = jpeg->client_data;
    longjmp(d->escape, 1);
}

static void on_error(j_common_ptr jpeg)
{
    struct decoder *d = jpeg->client_data;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    fail_with(d->error, WRN_E_FORMAT, "damaged JPEG: %s", message);
    give_up(jpeg);
}

/* libjpeg makes up what is missing and warns; nobody wants a class for an image that is half grey. */
static void on_message(j_common_ptr jpeg, int level)
{
    struct decoder *d = jpeg->client_data;
    int code = jpeg->err->msg_code;
    if (level != -1 || (code != JWRN_JPEG_EOF && code != JWRN_HIT_MARKER)) return;
    fail_with(d->error, WRN_E_FORMAT, "the image ends early");
    give_up(jpeg);
}

static void on_progress(j_common_ptr jpeg)
{
    struct decoder *d = jpeg->client_data;
    if (d->jpeg.input_scan_number <= max_scans) return;
    fail_with(d->error, WRN_E_LIMIT, "more than %d scans", max_scans);
    give_up(jpeg);
}

static int orientation_of(const struct jpeg_decompress_struct *jpeg)
{
    for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker; marker = marker->next)
        if (marker->data_length > 6 && memcmp(marker->data, "Exif\0\0", 6) == 0)
            return exif_orientation(marker->data + 6, marker->data_length - 6);
    return 1;
}

/* Adobe's programs store CMYK inverted, and everybody follows where their marker stands. */
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, int32_t width, bool inverted)
{
    for (int32_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        unsigned paper = inverted ? cmyk[3] : 255u - cmyk[3];
        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)((paper * (inverted ? cmyk[c] : 255u - cmyk[c]) + 127) / 255);
    }
}

/* All that may end in a jump to `escape`; what it owns is in *d, which its caller frees. */
static bool decode(struct decoder *d, const uint8_t *data, size_t size, int *orientation)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    if (setjmp(d->escape) != 0) return false;
    jpeg_create_decompress(jpeg);
    jpeg_mem_src(jpeg, data, (unsigned long)size);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(jpeg, TRUE);
    *orientation = orientation_of(jpeg);
    if (jpeg->data_precision != 8)
        return fail_with(d->error, WRN_E_UNSUPPORTED, "a JPEG of %d bits a channel; only 8 are read",
                         jpeg->data_precision);
    if (jpeg->arith_code) return fail_with(d->error, WRN_E_UNSUPPORTED, "a JPEG with arithmetic coding is not read");
    if (!image_alloc(d->image, jpeg->image_width, jpeg->image_height, d->error)) return false;

    bool cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    if (cmyk && !(d->row = malloc((size_t)jpeg->image_width * 4)))
        return fail_with(d->error, WRN_E_NOMEM, "no memory for a row");
    jpeg->progress = &d->progress;
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *rgb = d->image->pixels + (size_t)jpeg->output_scanline * jpeg->output_width * 3;
        JSAMPROW row = cmyk ? d->row : rgb;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (cmyk) cmyk_to_rgb(d->row, rgb, d->image->width, jpeg->saw_Adobe_marker);
    }
    jpeg_finish_decompress(jpeg);
    return true;
}

bool image_decode_jpeg(const uint8_t *data, size_t size, struct image *image, int *orientation, wrn_error *error)
{
    struct decoder d = { .image = image, .error = error };
    if (size > ULONG_MAX) return fail_with(error, WRN_E_LIMIT, "the file is too large");
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.jpeg.client_data = &d;
    d.errors.error_exit = on_error;
    d.errors.emit_message = on_message;
    d.progress.progress_monitor = on_progress;
    bool decoded = decode(&d, data, size, orientation);
    jpeg_destroy_decompress(&d.jpeg);
    free(d.row);
    return decoded;
}
