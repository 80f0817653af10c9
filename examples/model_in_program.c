/* SPDX-License-Identifier: Apache-2.0 */
/* A program that carries its model inside itself, in read-only memory, and opens no file for it: for firmware, sandboxes,
 * or programs of one file. (The picture comes from standard input, so that there is something to see.)
 *
 *     wrn convert model.wrn model.c --c-array model                    --pack auto would make the load still shorter
 *     cc model_in_program.c model.c -o model_in_program $(pkg-config --cflags --libs libwrn)
 *     ./model_in_program <picture.ppm */
#include <wrn.h>

#include "read_ppm.h"

extern const uint64_t model[]; /* what wrn convert wrote */
extern const size_t model_size;

int main(void)
{
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model *network = NULL;
    wrn_error error = { 0 };
    wrn_prediction top;
    struct picture image = read_ppm("/dev/stdin");
    if (!image.pixels) return 1;
    options.flags = WRN_LOAD_IN_PLACE; /* the array outlives the network, so nothing of it need be copied */
    int failed = wrn_load_memory(model, model_size, &options, &network, &error) != WRN_OK ||
                 wrn_classify(network, image.pixels, image.width, image.height, image.width * 3, WRN_PIXELS_RGB, 1, &top,
                              &error) != WRN_OK;
    if (failed) fprintf(stderr, "%s\n", error.message);
    else printf("%5.1f%%  %s\n", 100 * top.probability, top.label);
    wrn_free(network);
    free(image.pixels);
    return failed;
}
