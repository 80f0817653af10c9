/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <stdbool.h>
#include <string.h>

size_t utf8_decode(const char *text, uint32_t *character)
{
    /* The smallest character that needs so many bytes: a longer form of it is not valid. */
    static const uint32_t smallest[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    const uint8_t *bytes = (const uint8_t *)text;
    size_t length = bytes[0] < 0x80   ? 1
                    : bytes[0] < 0xC0 ? 0
                    : bytes[0] < 0xE0 ? 2
                    : bytes[0] < 0xF0 ? 3
                    : bytes[0] < 0xF8 ? 4
                                      : 0;
    *character = length == 1 ? bytes[0] : 0xFFFD;
    if (length < 2) return length;
    uint32_t value = bytes[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) return 0;
        value = value << 6 | (bytes[i] & 0x3Fu);
    }
    bool surrogate = value >= 0xD800 && value < 0xE000;
    if (value < smallest[length] || value > 0x10FFFF || surrogate) return 0;
    *character = value;
    return length;
}

/* Writes one character to `out` (NULL: nowhere), moves *text on, and returns the width. */
static int print_character(FILE *out, const char **text)
{
    char escaped[24];
    uint32_t character;
    size_t length = utf8_decode(*text, &character);
    const char *shown = *text;
    bool control = character < 0x20 || (character >= 0x7F && character < 0xA0);
    int size = (int)length, width = 1;

    if (length == 0 || control) {
        shown = escaped;
        if (length == 0)
            size = snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned)(uint8_t) * *text);
        else if (character == '\n' || character == '\t')
            size = snprintf(escaped, sizeof escaped, "\\%c", character == '\n' ? 'n' : 't');
        else
            size = snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)character);
        width = size;
    }
    if (out) fwrite(shown, 1, (size_t)size, out);
    *text += length ? length : 1;
    return width;
}

static int print_all(FILE *out, const char *text)
{
    int width = 0;
    while (*text)
        width += print_character(out, &text);
    return width;
}

void text_print(FILE *out, const char *text)
{
    print_all(out, text);
}

int text_width(const char *text)
{
    return print_all(NULL, text);
}

void text_print_padded(FILE *out, const char *text, int width)
{
    int used = print_all(out, text);
    if (used < width) fprintf(out, "%*s", width - used, "");
}

void text_write_markup(FILE *out, const char *text)
{
    while (*text) {
        uint32_t character;
        size_t length = utf8_decode(text, &character);
        bool control = (character < 0x20 && character != '\n' && character != '\t') || (character >= 0x7F && character < 0xA0);
        if (length == 0 || control || character == 0xFFFE || character == 0xFFFF)
            fputs("\xEF\xBF\xBD", out);
        else if (strchr("&<>\"'", *text))
            fprintf(out, "&#%u;", (unsigned)character);
        else
            fwrite(text, 1, length, out);
        text += length ? length : 1;
    }
}
