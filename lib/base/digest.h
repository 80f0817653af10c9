/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_DIGEST_H
#define WRN_BASE_DIGEST_H
/* CRC-32C (Castagnoli, RFC 3720 appendix B.4) for the sections of .wrn files, SHA-256 (FIPS 180-4) for provenance. */
#include <stddef.h>
#include <stdint.h>

/* Continues from `crc`, which is 0 at the start. */
uint32_t wrn_crc32c(uint32_t crc, const void *data, size_t size);

/* The digest of `data` as 64 lower-case hexadecimal digits and a NUL. */
void wrn_sha256_hex(const void *data, size_t size, char hex[65]);

#endif
