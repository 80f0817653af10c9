/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_JSON_OUT_H
#define TOOL_JSON_OUT_H
/* A writer of JSON: valid UTF-8 whatever the strings hold. Keys are NULL inside arrays and at the top. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
    FILE *out;
    int depth;
    bool empty; /* nothing yet in the innermost object or array */
};

struct json json_start(FILE *out);
void json_object(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);
void json_string(struct json *json, const char *key,
                 const char *value); /* NULL: null; bytes that are no UTF-8: U+FFFD */
void json_integer(struct json *json, const char *key, int64_t value);
void json_number(struct json *json, const char *key, double value); /* NaN and infinity: null */
void json_bool(struct json *json, const char *key, bool value);
void json_finish(struct json *json);

#endif
