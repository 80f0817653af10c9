/* SPDX-License-Identifier: Apache-2.0 */
#include "json_out.h"
#include "text.h"

#include <math.h>

struct json json_start(FILE *out)
{
    return (struct json){ .out = out, .empty = true };
}

static void quoted(FILE *out, const char *text)
{
    fputc('"', out);
    while (*text) {
        uint32_t character;
        size_t length = utf8_decode(text, &character);
        if (length == 0)
            fputs("\xEF\xBF\xBD", out); /* U+FFFD */
        else if (character == '"' || character == '\\')
            fprintf(out, "\\%c", (int)character);
        else if (character < 0x20 || (character >= 0x7F && character < 0xA0))
            fprintf(out, "\\u%04x", (unsigned)character);
        else
            fwrite(text, 1, length, out);
        text += length ? length : 1;
    }
    fputc('"', out);
}

/* What stands before a value: the comma, a new line, the key. */
static void before(struct json *json, const char *key)
{
    if (!json->empty) fputc(',', json->out);
    if (json->depth > 0) fprintf(json->out, "\n%*s", 2 * json->depth, "");
    json->empty = false;
    if (key) {
        quoted(json->out, key);
        fputs(": ", json->out);
    }
}

static void open_with(struct json *json, const char *key, char bracket)
{
    before(json, key);
    fputc(bracket, json->out);
    json->depth++;
    json->empty = true;
}

static void close_with(struct json *json, char bracket)
{
    json->depth--;
    if (!json->empty) fprintf(json->out, "\n%*s", 2 * json->depth, "");
    fputc(bracket, json->out);
    json->empty = false;
}

void json_object(struct json *json, const char *key)
{
    open_with(json, key, '{');
}

void json_object_end(struct json *json)
{
    close_with(json, '}');
}

void json_array(struct json *json, const char *key)
{
    open_with(json, key, '[');
}

void json_array_end(struct json *json)
{
    close_with(json, ']');
}

void json_string(struct json *json, const char *key, const char *value)
{
    before(json, key);
    if (value)
        quoted(json->out, value);
    else
        fputs("null", json->out);
}

void json_integer(struct json *json, const char *key, int64_t value)
{
    before(json, key);
    fprintf(json->out, "%lld", (long long)value);
}

void json_number(struct json *json, const char *key, double value)
{
    before(json, key);
    if (isfinite(value))
        fprintf(json->out, "%.9g", value);
    else
        fputs("null", json->out);
}

void json_bool(struct json *json, const char *key, bool value)
{
    before(json, key);
    fputs(value ? "true" : "false", json->out);
}

void json_finish(struct json *json)
{
    fputc('\n', json->out);
}
