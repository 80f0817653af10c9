/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_C_ARRAY_H
#define TOOL_C_ARRAY_H
/* A model as a C array, for programs that carry it inside themselves. */
#include "report.h"

/* Whether C takes `name` and `name`_size as names (keywords aside). */
bool c_array_name(const char *name, wrn_error *error);

/* wrn_convert to C source: the .wrn file as `const uint64_t name[]`, aligned as wrn_load_memory uses it in place, and
 * `const size_t name_size`. */
bool c_array_convert(const char *input, const char *output, const wrn_convert_options *options, const char *name,
                     wrn_error *error);

#endif
