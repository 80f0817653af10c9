/* SPDX-License-Identifier: Apache-2.0 */
#include "svhn.h"

#include <stdlib.h>

#ifndef TOOL_HAVE_MATIO
bool svhn_read(struct digits *digits, const char *path, wrn_error *error)
{
    (void)digits;
    return fail_with(error, WRN_E_UNSUPPORTED, "%.300s: this program was built without libmatio, so it reads no MATLAB files", path);
}
#endif

void svhn_free(struct digits *digits)
{
    free(digits->pixels);
    free(digits->classes);
    *digits = (struct digits){ 0 };
}
