/* SPDX-License-Identifier: Apache-2.0 */
/* Which of these pictures are most like that one? The pooled features, what the network sees just before it decides, are
 * a vector for each picture; the cosine between two vectors is near 1 for pictures of the same kind.
 *
 *     cc similar_images.c -o similar_images $(pkg-config --cflags --libs libwrn) -lm
 *     ./similar_images model.wrn query.ppm pictures/?*.ppm                 (djpeg picture.jpg >picture.ppm makes these) */
#include <wrn.h>

#include <math.h>

#include "read_ppm.h"

struct found {
    const char *path;
    double cosine;
};

/* The pooled features of one picture, scaled to length 1; false after an error. */
static int look(wrn_session *session, const wrn_model *model, const char *path, float *vector, size_t size,
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
               wrn_session_infer_named(session, 1, input, (size_t)info.input_size, 1, names, &vector, &size, error) ==
                   WRN_OK;
    double sum = 0;
    for (size_t i = 0; done && i < size; i++)
        sum += (double)vector[i] * vector[i];
    for (size_t i = 0; done && i < size && sum > 0; i++)
        vector[i] = (float)(vector[i] / sqrt(sum));
    free(input);
    free(image.pixels);
    return done;
}

static size_t pooled_size(const wrn_model *model)
{
    wrn_feature_info feature = WRN_FEATURE_INFO_INIT;
    for (int32_t i = 0; wrn_model_feature(model, i, &feature, NULL) == WRN_OK; i++)
        if (feature.available) return (size_t)feature.size; /* "pool" is the one that was asked for */
    return 0;
}

static int by_cosine(const void *a, const void *b)
{
    double x = ((const struct found *)a)->cosine, y = ((const struct found *)b)->cosine;
    return (x < y) - (x > y);
}

int main(int argc, char **argv)
{
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model *model = NULL;
    wrn_session *session = NULL;
    wrn_error error = { 0 };
    if (argc < 4) return fprintf(stderr, "usage: similar_images MODEL QUERY.ppm PICTURE.ppm...\n"), 1;

    options.features = "pool"; /* said when loading, so that its memory is not reused */
    int done =
        wrn_load(argv[1], &options, &model, &error) == WRN_OK && wrn_session_create(model, &session, &error) == WRN_OK;
    size_t size = done ? pooled_size(model) : 0;
    int count = argc - 3;
    float *query = calloc(2, size * sizeof *query), *vector = query + size;
    struct found *found = calloc((size_t)count, sizeof *found);
    done = done && query && found && look(session, model, argv[2], query, size, &error);
    for (int i = 0; i < count && done; i++) {
        found[i].path = argv[3 + i];
        done = look(session, model, found[i].path, vector, size, &error);
        for (size_t k = 0; k < size && done; k++)
            found[i].cosine += (double)query[k] * vector[k];
    }
    if (done) qsort(found, (size_t)count, sizeof *found, by_cosine);
    for (int i = 0; i < count && done; i++)
        printf("%6.3f  %s\n", found[i].cosine, found[i].path);
    if (error.message[0]) fprintf(stderr, "%s\n", error.message);
    free(found);
    free(query);
    wrn_session_free(session);
    wrn_free(model);
    return !done;
}
