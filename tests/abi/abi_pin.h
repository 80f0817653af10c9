/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_ABI_PIN_H
#define WRN_TESTS_ABI_PIN_H
/* What pins are made of: a line that does not hold does not compile. One pin a line, in one file of a program. */
#include <stddef.h>
#include <stdint.h>

#define PIN_JOIN_(a, b) a##b
#define PIN_JOIN(a, b) PIN_JOIN_(a, b)
#define PIN(condition) typedef char PIN_JOIN(pin_, __LINE__)[(condition) ? 1 : -1]
#define PIN_AT(type, member, offset) PIN(offsetof(type, member) == (offset))

/* The types of the functions, as pointers that programs and bindings may hold. */
#define PIN_FUNCTION(result, name, parameters) \
    do { \
        result(*pointer) parameters = name; \
        (void)pointer; \
    } while (0)

#endif
