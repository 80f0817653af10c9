/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_UTF8_H
#define WRN_BASE_UTF8_H
/* Well-formed UTF-8 as RFC 3629 has it: shortest forms only, no surrogates, nothing beyond U+10FFFF. */
#include <stdbool.h>
#include <stddef.h>

/* Length of the sequence at `text`, which ends with a NUL; 0 if it is not well-formed. */
size_t wrn_utf8_length(const char *text);
bool wrn_utf8_valid(const char *text);

#endif
