/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_OPTIONS_H
#define WRN_BASE_OPTIONS_H
/* Structures that grow: both sides may have been compiled with another version of wrn.h. Each opens with
 * uint32_t struct_size; first_size is the size that the structure had in the first version. */
#include "base/error.h"

/* A caller's options in our size: zeros where theirs is shorter or NULL. WRN_E_ARG if theirs is smaller than the
 * first version, WRN_E_UNSUPPORTED if it has anything but zeros beyond ours. `what` names it in the message. */
wrn_status wrn_options_copy(void *ours, size_t our_size, size_t first_size, const void *theirs, const char *what,
                            wrn_error *error);

/* Fills a caller's structure from ours up to its struct_size, which stays as it is; what we do not know becomes zero. */
wrn_status wrn_options_fill(void *theirs, const void *ours, size_t our_size, size_t first_size, const char *what,
                            wrn_error *error);

/* The size of `type` when `last` was its last member. */
#define WRN_SIZE_UP_TO(type, last)                                                                                     \
    ((offsetof(type, last) + sizeof(((type *)0)->last) + _Alignof(type) - 1) / _Alignof(type) * _Alignof(type))

#endif
