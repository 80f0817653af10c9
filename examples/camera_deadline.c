/* SPDX-License-Identifier: Apache-2.0 */
/* A camera does not wait: each frame has until the next one comes. The cancel hook looks at the clock between the steps of
 * the network; a frame that is late is dropped instead of making all those after it late too.
 *
 *     cc camera_deadline.c -o camera_deadline $(pkg-config --cflags --libs libwrn)
 *     ./camera_deadline model.wrn picture.ppm 33 100             milliseconds for a frame, frames */
#include <wrn.h>

#include <time.h>

#include "read_ppm.h"

struct clock {
    double deadline; /* of the frame at work, in seconds; 0: none, as while the model loads */
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int32_t too_late(void *user)
{
    const struct clock *clock = user;
    return clock->deadline > 0 && seconds_now() > clock->deadline;
}

static void sleep_until(double time)
{
    double left = time - seconds_now();
    struct timespec wait = { .tv_sec = left > 0 ? (time_t)left : 0 };
    if (left > 0) wait.tv_nsec = (long)((left - (double)wait.tv_sec) * 1e9);
    nanosleep(&wait, NULL);
}

int main(int argc, char **argv)
{
    struct picture frame = read_ppm(argc == 5 ? argv[2] : "usage: camera_deadline MODEL PICTURE.ppm MILLISECONDS FRAMES");
    if (!frame.pixels) return 1;
    double period = atof(argv[3]) / 1000;
    int frames = atoi(argv[4]), seen = 0, dropped = 0;
    struct clock clock = { 0 };
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model *model;
    wrn_error error;
    wrn_prediction top = { .label = "nothing" };

    options.cancel = too_late;
    options.cancel_user = &clock; /* one camera for a model; sessions of several threads would share it */
    wrn_status status = wrn_load(argv[1], &options, &model, &error);
    double start = seconds_now();
    for (int i = 0; i < frames && status == WRN_OK; i++) {
        sleep_until(start + i * period); /* here a frame comes from the camera, always the same one */
        clock.deadline = start + (i + 1) * period;
        status = wrn_classify(model, frame.pixels, frame.width, frame.height, frame.width * 3, WRN_PIXELS_RGB, 1, &top,
                              &error);
        if (status == WRN_OK) seen++;
        if (status == WRN_E_CANCELLED) dropped++, status = WRN_OK;
    }
    if (status == WRN_OK) printf("%d frames seen, %d dropped, the last one: %s\n", seen, dropped, top.label);
    else fprintf(stderr, "%s\n", error.message);
    wrn_free(model);
    free(frame.pixels);
    return status != WRN_OK;
}
