/* SPDX-License-Identifier: Apache-2.0 */
/* From a file's bytes to a graph, whatever the format. */
#include "graph/importer.h"

uint64_t wrn_import_wanted(const uint8_t *start, size_t start_size, uint64_t size)
{
    for (const struct wrn_importer *const *i = wrn_importers; *i; i++)
        if ((*i)->probe(start, start_size)) return (*i)->wanted ? (*i)->wanted(start, start_size, size) : size;
    return size;
}

wrn_status wrn_import(struct wrn_source *source, struct wrn_graph **graph, const char **format, wrn_error *error)
{
    *graph = NULL;
    for (const struct wrn_importer *const *i = wrn_importers; *i; i++) {
        if (!(*i)->probe(source->blob->data, source->blob->size)) continue;
        *format = (*i)->name;
        WRN_TRY((*i)->read(source, graph, error));
        const struct wrn_value *in = &(*graph)->values[(*graph)->input];
        if (!source->height || (source->height == in->h && source->width == in->w)) return WRN_OK;
        wrn_status status = wrn_graph_resize(*graph, source->height, source->width, error);
        if (status != WRN_OK) {
            wrn_graph_free(*graph);
            *graph = NULL;
        }
        return status;
    }
    bool onnx = wrn_importers[1] != NULL; /* the .wrn reader is always there */
    return wrn_fail(error, WRN_E_FORMAT, "%s",
                    source->blob->size == 0 ? "the file is empty"
                    : onnx                  ? "not a model file: neither .wrn nor ONNX"
                                            : "not a .wrn file, and ONNX support was not built in");
}
