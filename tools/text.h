/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_TEXT_H
#define TOOL_TEXT_H
/* Text from outside (file names, labels, messages), which may hold control characters or not be UTF-8. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Decodes the character at `text` (not its end): returns its length in bytes, or 0 where there is no valid UTF-8. */
size_t utf8_decode(const char *text, uint32_t *character);

/* Prints with control characters and bytes that are no UTF-8 as \n, \t, \xNN. */
void text_print(FILE *out, const char *text);

/* The number of characters that text_print writes. */
int text_width(const char *text);

/* text_print, followed by spaces up to `width` characters. */
void text_print_padded(FILE *out, const char *text, int width);

/* Writes as the text of an HTML or SVG document, or an attribute's value in double quotes: what is no UTF-8, and what
 * XML has no character for, as U+FFFD. */
void text_write_markup(FILE *out, const char *text);

#endif
