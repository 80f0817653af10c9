/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_GRAPH_IMPORTER_H
#define WRN_GRAPH_IMPORTER_H
/* What a file format offers to the loader. The .wrn reader is one, the ONNX importer another. */
#include "graph/graph.h"

/* Model files beyond this are refused before they are read: eight times the largest network of the paper. */
#define WRN_MAX_FILE_BYTES (UINT64_C(4) << 30)

struct wrn_source {
    struct wrn_alloc alloc;
    struct wrn_blob *blob;   /* the file's bytes; an importer that keeps pointers into them moves the blob into the graph
                                (graph->blob = *blob, blob->kind = WRN_BLOB_NONE) */
    const char *path;        /* NULL when loaded from memory */
    bool in_place;           /* the bytes stay as long as the model: it may use packed weights where they lie */
    bool verify;             /* check every checksum now, also of what may not be needed */
    int32_t height, width;   /* wanted input size, both 0: as in the file */
    void *external_user;     /* as in wrn_load_options */
    int32_t (*external_data)(void *user, const char *name, const void **data, size_t *size);
    void *cancel_user;
    int32_t (*cancel)(void *user);
};

struct wrn_importer {
    const char *name; /* "wrn", "onnx" */
    /* Whether the first bytes look like this format; size may be anything from 0. */
    bool (*probe)(const uint8_t *data, size_t size);
    /* How many of a file's first bytes a graph is made of, by those at its beginning; NULL: all. */
    uint64_t (*wanted)(const uint8_t *start, size_t start_size, uint64_t size);
    /* Makes a graph, checked with wrn_graph_check; on failure *graph is NULL. */
    wrn_status (*read)(struct wrn_source *source, struct wrn_graph **graph, wrn_error *error);
};

/* The importers that were built in, in probing order, ending with NULL (importers/importers.c). */
extern const struct wrn_importer *const wrn_importers[];

extern const struct wrn_importer wrn_importer_wrn;  /* graph/wrnfile_read.c */
extern const struct wrn_importer wrn_importer_onnx; /* importers/onnx/onnx_import.c */

/* Reads with the first importer that knows the bytes; *format is its name. The graph has the input size that the source
 * asks for: an importer may leave that to wrn_graph_resize. The blob stays the caller's to free, moved or not. */
wrn_status wrn_import(struct wrn_source *source, struct wrn_graph **graph, const char **format, wrn_error *error);

/* What of a file is to be read, as wrn_blob_read_start asks. */
uint64_t wrn_import_wanted(const uint8_t *start, size_t start_size, uint64_t size);

/* Writers. `graph` is not changed. packed: NULL, or weights packed ahead of time to be added. */
struct wrn_packed_plan;
wrn_status wrn_wrnfile_write(const struct wrn_graph *graph, const struct wrn_packed_plan *packed, const char *path, wrn_error *error);
wrn_status wrn_onnx_write(const struct wrn_graph *graph, const char *path, wrn_error *error);

#endif
