/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"

#include <string.h>

/* Beyond any version's size: an uninitialized struct_size must not make us read far past the structure. */
#define STRUCT_MAX 65536

static wrn_status check_size(uint32_t size, size_t first_size, const char *what, wrn_error *error)
{
    if (size < first_size)
        return wrn_fail(error, WRN_E_ARG, "%s: struct_size is %u, the smallest version has %zu", what, (unsigned)size,
                        first_size);
    if (size > STRUCT_MAX)
        return wrn_fail(error, WRN_E_ARG, "%s: struct_size is %u: not initialized?", what, (unsigned)size);
    return WRN_OK;
}

wrn_status wrn_options_copy(void *ours, size_t our_size, size_t first_size, const void *theirs, const char *what,
                            wrn_error *error)
{
    uint32_t size, our_size_field = (uint32_t)our_size;
    memset(ours, 0, our_size);
    if (theirs) {
        memcpy(&size, theirs, sizeof size);
        WRN_TRY(check_size(size, first_size, what, error));
        memcpy(ours, theirs, size < our_size ? size : our_size);
        for (size_t i = our_size; i < size; i++)
            if (((const unsigned char *)theirs)[i] != 0)
                return wrn_fail(error, WRN_E_UNSUPPORTED, "%s: byte %zu is set: an option of a newer version of libwrn",
                                what, i);
    }
    memcpy(ours, &our_size_field, sizeof our_size_field);
    return WRN_OK;
}

wrn_status wrn_options_fill(void *theirs, const void *ours, size_t our_size, size_t first_size, const char *what,
                            wrn_error *error)
{
    uint32_t size;
    if (!theirs) return wrn_fail(error, WRN_E_ARG, "%s is NULL", what);
    memcpy(&size, theirs, sizeof size);
    WRN_TRY(check_size(size, first_size, what, error));
    memset(theirs, 0, size);
    memcpy(theirs, ours, size < our_size ? size : our_size);
    memcpy(theirs, &size, sizeof size);
    return WRN_OK;
}
