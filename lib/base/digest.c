/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <string.h>

/* The polynomial 0x1EDC6F41 with its bits reversed: entry i is the remainder of the nibble i. */
static const uint32_t crc_nibbles[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

static uint32_t crc_byte(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    crc = crc >> 4 ^ crc_nibbles[crc & 15];
    return crc >> 4 ^ crc_nibbles[crc & 15];
}

static uint32_t little_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Eight bytes at a time. The tables are made for each call, on the stack, in some microseconds: nothing to
 * initialize, nothing shared. table[t][b] is the remainder of byte b followed by t zero bytes. */
static uint32_t crc_eight(uint32_t crc, const uint8_t *p, size_t eights)
{
    uint32_t table[8][256];
    for (uint32_t b = 0; b < 256; b++) {
        table[0][b] = crc_byte(0, (uint8_t)b);
        for (int t = 1; t < 8; t++) table[t][b] = crc_byte(table[t - 1][b], 0);
    }
    for (; eights > 0; eights--, p += 8) {
        uint32_t low = crc ^ little_u32(p), high = little_u32(p + 4);
        crc = table[7][low & 255] ^ table[6][low >> 8 & 255] ^ table[5][low >> 16 & 255] ^ table[4][low >> 24] ^
              table[3][high & 255] ^ table[2][high >> 8 & 255] ^ table[1][high >> 16 & 255] ^ table[0][high >> 24];
    }
    return crc;
}

uint32_t wrn_crc32c(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *p = (const uint8_t *)data;
    size_t eights = size >= 4096 ? size / 8 : 0; /* below, making the tables costs more than they save */
    crc = ~crc;
    if (eights) crc = crc_eight(crc, p, eights);
    for (size_t i = eights * 8; i < size; i++) crc = crc_byte(crc, p[i]);
    return ~crc;
}

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

/* FIPS 180-4, 6.2.2: one block of 64 bytes. */
static void sha256_block(uint32_t hash[8], const uint8_t *block)
{
    static const uint32_t k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    };
    uint32_t w[64];
    for (int t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 | (uint32_t)block[4 * t + 2] << 8 |
               block[4 * t + 3];
    for (int t = 16; t < 64; t++) {
        uint32_t x = w[t - 15], y = w[t - 2];
        w[t] = w[t - 16] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + w[t - 7] + (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
    }
    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3], e = hash[4], f = hash[5], g = hash[6], h = hash[7];
    for (int t = 0; t < 64; t++) {
        uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + k[t] + w[t];
        uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1;
        d = c, c = b, b = a, a = t1 + t2;
    }
    hash[0] += a, hash[1] += b, hash[2] += c, hash[3] += d;
    hash[4] += e, hash[5] += f, hash[6] += g, hash[7] += h;
}

void wrn_sha256_hex(const void *data, size_t size, char hex[65])
{
    static const char digits[] = "0123456789abcdef";
    uint32_t hash[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    const uint8_t *p = (const uint8_t *)data;
    size_t rest = size % 64;
    for (size_t at = 0; at + 64 <= size; at += 64) sha256_block(hash, p + at);

    /* The rest, a one bit, zeros, and the length in bits: one block or two. */
    uint8_t tail[128] = { 0 };
    size_t tail_size = rest < 56 ? 64 : 128;
    if (rest) memcpy(tail, p + (size - rest), rest);
    tail[rest] = 0x80;
    for (int i = 0; i < 8; i++) tail[tail_size - 1 - (size_t)i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
    for (size_t at = 0; at < tail_size; at += 64) sha256_block(hash, tail + at);

    for (int i = 0; i < 64; i++) hex[i] = digits[hash[i / 8] >> (28 - 4 * (i % 8)) & 15];
    hex[64] = 0;
}
