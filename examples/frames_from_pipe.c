/* SPDX-License-Identifier: Apache-2.0 */
/* Classifies a stream of raw RGB frames from a pipe, as ffmpeg and GStreamer write them from files, cameras and networks.
 *
 *     cc frames_from_pipe.c -o frames_from_pipe $(pkg-config --cflags --libs libwrn)
 *     ffmpeg -v error -i film.mp4 -vf scale=320:240 -pix_fmt rgb24 -f rawvideo - | ./frames_from_pipe model.wrn 320 240
 *     gst-launch-1.0 -q v4l2src ! videoconvert ! videoscale ! video/x-raw,format=RGB,width=320,height=240 ! fdsink |
 *         ./frames_from_pipe model.wrn 320 240 */
#include <wrn.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int32_t width = argc == 4 ? atoi(argv[2]) : 0, height = argc == 4 ? atoi(argv[3]) : 0;
    if (width < 1 || height < 1 || width > 16384 || height > 16384)
        return fprintf(stderr, "usage: frames_from_pipe MODEL WIDTH HEIGHT <FRAMES\n"), 1;
    size_t size = (size_t)width * (size_t)height * 3, got = 0; /* GStreamer's rows are multiples of 4 bytes: such widths */
    uint8_t *frame = malloc(size);
    wrn_model *model = NULL;
    wrn_error error;
    wrn_prediction top;
    wrn_status status = wrn_load(argv[1], NULL, &model, &error);
    for (int i = 0; status == WRN_OK && frame && (got = fread(frame, 1, size, stdin)) == size; i++) {
        status = wrn_classify(model, frame, width, height, 3 * (ptrdiff_t)width, WRN_PIXELS_RGB, 1, &top, &error);
        if (status == WRN_OK) printf("frame %d: %s %.1f%%\n", i, top.label, 100 * top.probability);
        fflush(stdout); /* at once, also into a pipe */
    }
    if (status != WRN_OK) fprintf(stderr, "%s\n", error.message);
    else if (got != 0) fprintf(stderr, "the last frame ends early\n");
    wrn_free(model);
    free(frame);
    return status != WRN_OK || got != 0;
}
