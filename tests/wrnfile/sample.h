/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_SAMPLE_H
#define WRN_TESTS_SAMPLE_H
/* A graph that is small enough to try every byte of its file, and holds all that a .wrn file can hold. */
#include "graph/importer.h"

/* Every operator, both element types, labels, preprocessing, properties, golden vectors. Fails the running test on error. */
struct wrn_graph *sample_graph(void);

/* The same without what is optional. */
struct wrn_graph *sample_graph_bare(void);

/* Fails the running test where two graphs differ in anything that a file keeps. */
void assert_same_graph(const struct wrn_graph *a, const struct wrn_graph *b);

/* A name in a directory for temporary files that exists once per process; the caller frees it. */
char *temporary_path(const char *name);
/* Removes the directory; the number of files that were left in it. */
int temporary_cleanup(void);

/* A file's bytes in memory that just holds them, so that a sanitizer sees every byte read too much. */
struct image {
    uint8_t *data;
    size_t size;
};
struct image image_load(const char *path);
struct image image_of(const struct wrn_graph *graph);
struct image image_copy(const struct image *image);
void image_free(struct image *image);
wrn_status image_read(const struct image *image, struct wrn_graph **graph, wrn_error *error);

/* An allocator that fails from the n-th call on, and counts what is not freed. */
struct failing {
    long calls, fail_at, live;
};
struct wrn_alloc failing_alloc(struct failing *state);

#endif
