/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_GRAPH_WRNFILE_H
#define WRN_GRAPH_WRNFILE_H
/*
 * THE .wrn FORMAT, version 1.0 (docs/format.md says the same at more length, with an example)
 *
 * A file is a header, a table of sections, and the sections one behind the other:
 *
 *     | header 64 | table: 64 per section | section | 0.. | section | 0.. | ... | section |
 *     0           64                      ^ each starts at the next multiple of 64      ^ file size
 *
 * All numbers are little-endian, all floating-point numbers IEEE 754. Each section starts at the first multiple of the
 * header's `alignment` after the end of what stands before it; the bytes between are zero; sections are in the table's
 * order; the file ends with the last byte of the last section. So every byte is under a checksum or known to be zero.
 *
 * Header                                              Table entry
 *    0  8  magic 89 57 52 4e 0d 0a 1a 0a                 0  8  name: printable ASCII, no blanks, zeros to the end
 *    8  2  major version: 1                              8 16  key: the same; empty but for variants of a section
 *   10  2  minor version: 0                             24  8  offset from the start of the file
 *   12  4  header size: 64                              32  8  size in bytes, without what fills up to the next one
 *   16  8  file size                                    40  4  flags
 *   24  4  required flags: none is defined              44  4  CRC-32C of the section's bytes
 *   28  4  optional flags: none is defined              48 16  zero
 *   32  4  number of sections, at most 1024
 *   36  4  table entry size: 64                      Flags of a section
 *   40  4  alignment of sections: a power of two,       bit 0       REQUIRED: who does not know the section
 *          64 to 65536                                              must refuse the file
 *   44 16  zero                                         bits 1-15   must be understood by who reads the section
 *   60  4  CRC-32C of header (this field zero)          bits 16-31  may be ignored
 *          and table
 *
 * CRC-32C is that of RFC 3720 (polynomial 0x1edc6f41, reflected, begins with and is xored with all ones).
 * No two sections have the same name and key. The sections of version 1.0, their key empty but for `packed`:
 *
 *     graph    REQUIRED  operators, tensors' names and shapes
 *     weights  REQUIRED  the constants' elements
 *     preproc            how pixels become the input
 *     labels             one name per class
 *     props              texts by key: where the network comes from
 *     golden             inputs and the outputs expected for them
 *     packed             weights packed for an instruction set and an algorithm, which are the key: "avx512/f4"
 *
 * String: an 8-byte reference (4 offset in the section's string pool, 4 length). Strings stand in the pool in the order
 * in which the records refer to them, each followed by one zero byte, nothing between: at most 4096 bytes of UTF-8
 * without a zero byte. The pool is the end of its section.
 *
 * graph: a head, weight records, node records, string pool
 *    0  4  head size: 64                 28  4  output layout, where the output is a map
 *    4  4  weight record size: 64        32  4  output: number of a value
 *    8  4  node record size: 128         36  4  input rank: 4 (map), 2 (vector; height = width = 1)
 *   12  4  number of weights             40 12  input channels, height, width
 *   16  4  number of nodes               52  8  input name (string)
 *   20  4  size of the string pool       60  4  zero
 *   24  4  input layout: 0 NCHW, 1 NHWC
 *
 *   Weight record                        Node record
 *    0  8  name (string)                   0  8  name (string)
 *    8  1  element type: 1 f32, 2 f16      8  8  name of its output (string)
 *    9  1  rank, 0 to 4                   16  1  operator: enum wrn_op of graph.h
 *   10  6  zero                           17  1  ceil_mode, 0 or 1
 *   16  8  offset in section weights      18  1  count_pad, 0 or 1
 *   24  8  size in bytes                  19  1  flat, 0 or 1
 *   32 32  4 dimensions of 8 bytes,       20  8  2 inputs: numbers of values, -1 none
 *          zero from `rank` on            28 16  4 weights: numbers of weights, -1 none
 *                                         44  8  kernel height, width
 *   Value 0 is the input; value i + 1     52  8  stride in height, width
 *   is the output of node i. A node       60  8  dilation in height, width
 *   refers to values before its own.      68 16  padding top, left, bottom, right
 *                                         84  4  groups
 *                                         88  8  epsilon
 *                                         96  8  value
 *                                        104 16  output rank, channels, height, width
 *                                        120  8  zero
 *
 * weights: the elements of weight 0, 1, ...; each starts at the next multiple of 64 in the section, zeros between; the
 *   section ends with the last one's last byte. A convolution's dimensions are [out, in / groups, kernel height, kernel
 *   width], a linear's [out, in].
 *
 * preproc: one record, the fields of wrn_preprocess in wrn.h
 *    0  4  record size: 72               32  4  scale_to (f32)
 *    4  4  resize                        36 16  4 mean (f32)
 *    8  4  filter                        52 16  4 std (f32)
 *   12  8  resize height, width          68  4  zero
 *   20  8  crop height, width
 *   28  4  channel order
 *
 * labels, props: a head, records, string pool
 *    0  4  head size: 16                 labels: a record is one string
 *    4  4  record size: 8 or 16          props: a record is two strings, key and value; neither is empty,
 *    8  4  number of records                    no key stands twice
 *   12  4  size of the string pool
 *
 * golden: a head, inputs, outputs
 *    0  4  head size: 64                 32  8  offset of the inputs in the section: 64
 *    4  4  images                        40  8  offset of the outputs: the next multiple of 64 after the inputs
 *    8  8  tolerance, relative L2 (f64)  48 16  zero
 *   16  8  number of input floats        The floats of image after image, inputs in the input layout. The section
 *   24  8  number of output floats       ends with the last output.
 *
 * packed: a head, records in ascending order of nodes, packed weights. Last in the file, after `weights`.
 *    0  4  head size: 64                       Record
 *    4  4  record size: 32                      0  4  node, a convolution or linear layer
 *    8  4  number of records                    4  4  layout: what it depends on beside shapes and instruction set
 *   12  4  version of the packing               8  4  flags: bit 0, scales were folded in
 *   16  4  CRC-32C of section graph            12  4  CRC-32C of these scales (f64), one per output channel; else 0
 *   20  4  CRC-32C of section weights          16  8  offset in the section: the next multiple of 64
 *   24  4  CRC-32C of the weights of rank      24  8  size in bytes
 *          0 and 1, one after the other
 *   28  4  CRC-32C of head (this field zero)   The section ends with the last one's last byte. How bytes are packed
 *          and records                         is known by the library that wrote them alone: the version stands for it.
 *   32 32  zero
 *
 *   Whoever does not know the section or its key, finds another version, another CRC of graph or weights, or needs a node
 *   with another layout, other scales or another size, packs for himself: leaving packed sections out changes no result.
 *
 * COMPATIBILITY
 *
 * - Another major version: the rest of the header may mean anything. Refused.
 * - A newer minor version adds what an old reader can do without, and is read: optional flags, sections that are not
 *   REQUIRED, bytes that were zero, fields at the end of header, table entries, heads and records (their sizes stand in
 *   the file; strings of new fields come last in the pool). Fields that an older file lacks are zero.
 * - What an old reader must not do without has a required flag, a REQUIRED section, a section flag in bits 1-15, an
 *   element type or operator that it does not know. It refuses, and says what it does not know.
 * - A writer states the lowest minor version that defines all that the file holds. For files of the versions it knows,
 *   a reader insists on the sizes stated here and on zero where this says zero.
 * - int8 elements are to become a new element type; their scales are tensors of their own.
 *
 * The same graph gives the same bytes: nothing in a file tells when, where or by whom it was written.
 */
#include "base/reader.h"
#include "graph/importer.h"

#define WRN_FILE_MAGIC "\x89WRN\r\n\x1a\n" /* a bit 7, both line ends, DOS end of file: mangled copies show */
#define WRN_FILE_MAJOR 1
#define WRN_FILE_MINOR 0
#define WRN_FILE_ALIGN 64
#define WRN_FILE_MAX_ALIGN 65536
#define WRN_FILE_MAX_SECTIONS 1024
#define WRN_FILE_MAX_PACKED 64   /* sections `packed` */
#define WRN_FILE_MAX_RECORD 4096 /* bytes of header, table entry, head or record in files of newer minor versions */

enum {
    WRN_FILE_HEADER = 64, WRN_FILE_CRC_AT = 60, WRN_FILE_ENTRY = 64,
    WRN_FILE_NAME = 8, WRN_FILE_KEY = 16,
    WRN_FILE_GRAPH_HEAD = 64, WRN_FILE_WEIGHT = 64, WRN_FILE_NODE = 128,
    WRN_FILE_PREPROC = 72, WRN_FILE_LIST_HEAD = 16, WRN_FILE_LABEL = 8, WRN_FILE_PROP = 16, WRN_FILE_GOLDEN_HEAD = 64,
    WRN_FILE_PACKED_HEAD = 64, WRN_FILE_PACKED_CRC_AT = 28, WRN_FILE_PACKED_RECORD = 32
};
#define WRN_FILE_SECTION_REQUIRED 1u
#define WRN_FILE_SECTION_STRICT 0xfffeu /* flags that a reader of the section must know */

/* Weights are used as they lie in the file, so only little-endian hosts read and write .wrn. */
#define WRN_FILE_HOST_FITS (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

/* In the order in which they are written: `weights` last, so that all the rest is at the beginning; sections `packed` stand
 * behind, so that a reader that does not use them need not read them. */
enum wrn_section_id {
    WRN_SECTION_GRAPH, WRN_SECTION_PREPROC, WRN_SECTION_LABELS, WRN_SECTION_PROPS, WRN_SECTION_GOLDEN,
    WRN_SECTION_WEIGHTS, WRN_SECTION_COUNT
};
extern const char *const wrn_section_names[WRN_SECTION_COUNT];
#define WRN_FILE_PACKED_NAME "packed"

struct wrn_span {
    const uint8_t *data; /* NULL: the section is absent */
    size_t size;
};

/* A section that is told from others of its name by its key. */
struct wrn_keyed_span {
    char key[WRN_FILE_KEY + 1];
    struct wrn_span span;
};

/* A file whose header, table, padding and checksums are right, but for the checksums of `weights` and `packed`; what the
 * sections hold is not looked at yet. */
struct wrn_wrnfile {
    bool strict; /* of a version that this code knows to the last byte */
    struct wrn_span sections[WRN_SECTION_COUNT];
    uint32_t crc[WRN_SECTION_COUNT]; /* recorded */
    struct wrn_keyed_span packed[WRN_FILE_MAX_PACKED]; /* those that were read */
    int32_t packed_count;
};

/* wrnfile_container.c */
wrn_status wrn_wrnfile_open(const struct wrn_source *source, struct wrn_wrnfile *file, wrn_error *error);
/* The part of a file before its sections `packed`, as wrn_blob_read_start asks; `size` where its beginning does not say. */
uint64_t wrn_wrnfile_wanted(const uint8_t *start, size_t start_size, uint64_t size);
wrn_status wrn_wrnfile_cancelled(const struct wrn_source *source, wrn_error *error);
bool wrn_all_zero(const uint8_t *data, size_t size);

/* wrnfile_section.c: walking through a section that consists of a head, records and a string pool. */
struct wrn_section {
    const char *name;
    struct wrn_span span;
    bool strict;
    size_t next;             /* where the next record begins */
    struct wrn_span strings;
    size_t strings_used;
};

struct wrn_section wrn_section_make(const struct wrn_wrnfile *file, enum wrn_section_id id);
/* The head, of which this version knows `known` bytes; *head stands behind its size field. */
wrn_status wrn_section_head(struct wrn_section *s, uint32_t known, struct wrn_reader *head, wrn_error *error);
/* Whether `size` is a possible record size where this version knows `known` bytes. */
wrn_status wrn_section_record_size(const struct wrn_section *s, const char *what, uint32_t size, uint32_t known, wrn_error *error);
/* Head, `records` bytes and the string pool must be the whole section. To be called before the functions below. */
wrn_status wrn_section_split(struct wrn_section *s, uint64_t records, uint32_t string_size, wrn_error *error);
/* The next record's bytes; never fails after wrn_section_split. */
struct wrn_reader wrn_section_record(struct wrn_section *s, uint32_t size);
/* The string that the record refers to next, in the pool: NUL-terminated UTF-8, at most WRN_MAX_STRING bytes. */
wrn_status wrn_section_string(struct wrn_section *s, struct wrn_reader *record, const char **text, wrn_error *error);
/* `count` bytes that are zero in this version. */
wrn_status wrn_section_zeros(const struct wrn_section *s, struct wrn_reader *record, size_t count, wrn_error *error);
/* Nothing is left over. */
wrn_status wrn_section_end(const struct wrn_section *s, wrn_error *error);

/* wrnfile_meta.c: the sections beside graph and weights, where present, into a graph that has its input and output. */
wrn_status wrn_wrnfile_read_meta(const struct wrn_wrnfile *file, struct wrn_graph *graph, wrn_error *error);

/* wrnfile_packed.c: graph->packed, from those sections that were made from this graph and these weights; none where the
 * source's bytes cannot be used in place. */
wrn_status wrn_wrnfile_read_packed(const struct wrn_source *source, const struct wrn_wrnfile *file, struct wrn_graph *graph, wrn_error *error);
/* The CRC-32C of the weights of rank 0 and 1; and keeps those sets that were made with them. */
uint32_t wrn_wrnfile_small_crc(const struct wrn_graph *graph);
void wrn_wrnfile_keep_packed(struct wrn_graph *graph);

#endif
