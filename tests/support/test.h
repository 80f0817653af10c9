/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_TEST_H
#define WRN_TESTS_TEST_H
/* cmocka with what it needs, and assertions on status codes that print the library's message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wrn.h"

/* Where assert_ok and assert_fails expect calls to put their message. */
static wrn_error test_error __attribute__((unused));

#define assert_ok(call)                                                                                                \
    do {                                                                                                               \
        wrn_status got_ = (call);                                                                                      \
        if (got_ != WRN_OK) fail_msg("%s: %s: %s", #call, wrn_status_name(got_), test_error.message);                  \
    } while (0)

/* The call fails with `expected`, and the message contains `text`. */
#define assert_fails(call, expected, text)                                                                             \
    do {                                                                                                               \
        wrn_status got_ = (call);                                                                                      \
        if (got_ != (expected))                                                                                        \
            fail_msg("%s: %s instead of %s: %s", #call, wrn_status_name(got_), #expected, test_error.message);         \
        if (!strstr(test_error.message, (text))) fail_msg("%s: no '%s' in: %s", #call, (text), test_error.message);    \
    } while (0)

#endif
