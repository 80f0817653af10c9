/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

size_t wrn_utf8_length(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */
    size_t length;
    if (s[0] < 0x80) return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4) return 0;
    length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (s[0] == 0xe0) low = 0xa0;  /* overlong */
    if (s[0] == 0xed) high = 0x9f; /* surrogates */
    if (s[0] == 0xf0) low = 0x90;  /* overlong */
    if (s[0] == 0xf4) high = 0x8f; /* beyond U+10FFFF */
    if (s[1] < low || s[1] > high) return 0;
    for (size_t i = 2; i < length; i++)
        if (s[i] < 0x80 || s[i] > 0xbf) return 0;
    return length;
}

bool wrn_utf8_valid(const char *text)
{
    while (*text) {
        size_t length = wrn_utf8_length(text);
        if (length == 0) return false;
        text += length;
    }
    return true;
}
