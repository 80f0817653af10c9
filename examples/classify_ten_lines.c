/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of it: load a model, show it a picture, print what it sees.
 *     classify_ten_lines models/cifar10.wrn examples/images/cat.ppm */
#include <wrn.h>

#include "read_ppm.h"

int main(int argc, char **argv)
{
    wrn_model *model = NULL;
    wrn_error error = { 0 };
    wrn_prediction top[3];
    struct picture image = read_ppm(argc == 3 ? argv[2] : "usage: classify_ten_lines MODEL IMAGE.ppm");
    if (!image.pixels) return 1;
    int failed = wrn_load(argv[1], NULL, &model, &error) != WRN_OK ||
                 wrn_classify(model, image.pixels, image.width, image.height, image.width * 3, WRN_PIXELS_RGB, 3, top,
                              &error) != WRN_OK;
    for (int i = 0; i < 3 && !failed; i++)
        printf("%5.1f%%  %s\n", 100 * top[i].probability, top[i].label);
    if (failed) fprintf(stderr, "%s\n", error.message);
    wrn_free(model);
    free(image.pixels);
    return failed;
}
