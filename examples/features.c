/* SPDX-License-Identifier: Apache-2.0 */
/* How alike are two pictures? The pooled features, what the network sees just before it decides, are a vector for each;
 * the cosine between the two is near 1 for pictures of the same kind.
 *     features models/wrn-16-2-cifar10.wrn examples/images/cat.ppm examples/images/dog.ppm */
#include <wrn.h>

#include <math.h>

#include "read_ppm.h"

/* The pooled features of one picture; false after an error. */
static int look(wrn_model *model, wrn_session *session, const char *path, float *features, size_t count,
                wrn_error *error)
{
    const char *names[] = { "pool" };
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    struct picture image = read_ppm(path);
    if (!image.pixels || wrn_model_get_info(model, &info, error) != WRN_OK) return 0;
    float *input = malloc((size_t)info.input_size * sizeof *input);
    int done = input &&
               wrn_preprocess_image(model, image.pixels, image.width, image.height, (ptrdiff_t)image.width * 3,
                                    WRN_PIXELS_RGB, input, (size_t)info.input_size, error) == WRN_OK &&
               wrn_session_infer_named(session, 1, input, (size_t)info.input_size, 1, names, &features, &count,
                                       error) == WRN_OK;
    free(input);
    free(image.pixels);
    return done;
}

static size_t pooled_size(const wrn_model *model)
{
    for (int32_t i = 0;; i++) {
        wrn_feature_info feature = WRN_FEATURE_INFO_INIT;
        if (wrn_model_feature(model, i, &feature, NULL) != WRN_OK) return 0;
        if (feature.available) return (size_t)feature.size; /* "pool" is the one that was asked for */
    }
}

int main(int argc, char **argv)
{
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model *model = NULL;
    wrn_session *session = NULL;
    wrn_error error = { 0 };
    if (argc != 4) return fprintf(stderr, "usage: features MODEL A.ppm B.ppm\n"), 1;

    options.features = "pool"; /* said when loading, so that its memory is not reused */
    int done =
        wrn_load(argv[1], &options, &model, &error) == WRN_OK && wrn_session_create(model, &session, &error) == WRN_OK;
    size_t size = done ? pooled_size(model) : 0;
    float *a = calloc(2, size * sizeof *a), *b = a + size;
    done =
        done && a && look(model, session, argv[2], a, size, &error) && look(model, session, argv[3], b, size, &error);
    if (done) {
        double ab = 0, aa = 0, bb = 0;
        for (size_t i = 0; i < size; i++) {
            ab += (double)a[i] * b[i];
            aa += (double)a[i] * a[i];
            bb += (double)b[i] * b[i];
        }
        printf("%zu features, cosine %.3f\n", size, ab / sqrt(aa * bb));
    } else if (error.message[0]) {
        fprintf(stderr, "%s\n", error.message);
    }
    free(a);
    wrn_session_free(session);
    wrn_free(model);
    return !done;
}
