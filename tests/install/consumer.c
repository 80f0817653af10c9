/* SPDX-License-Identifier: Apache-2.0 */
/* A program outside the project's tree: it knows the installed header and library only. */
#include <stdio.h>
#include <wrn.h>

int main(void)
{
    wrn_model *model;
    wrn_error error;
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    uint32_t header = WRN_VERSION_MAJOR * 10000 + WRN_VERSION_MINOR * 100 + WRN_VERSION_PATCH;

    if (wrn_version() != header) {
        printf("header %u, library %u\n", (unsigned)header, (unsigned)wrn_version());
        return 1;
    }
    wrn_status status = wrn_load("no such file", &options, &model, &error);
    printf("%u %s: %s\n", (unsigned)header, wrn_status_name(status), error.message);
    return status != WRN_E_IO || model != NULL || error.status != WRN_E_IO;
}
