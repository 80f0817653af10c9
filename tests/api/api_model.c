/* SPDX-License-Identifier: Apache-2.0 */
#include "api_model.h"

#include "graph/importer.h"
#include "make_graph.h"

#include <unistd.h>

char *api_file_write(const void *data, size_t size)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/wrn-test-XXXXXX", folder && *folder ? folder : "/tmp");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return strdup(path);
}

void api_file_remove(char *path)
{
    unlink(path);
    free(path);
}

static void add_golden(struct wrn_graph *g)
{
    uint32_t state = 7;
    float *input = wrn_arena_alloc(&g->arena, API_INPUT, sizeof *input);
    float *output = wrn_arena_alloc(&g->arena, API_CLASSES, sizeof *output);
    double expected[API_CLASSES];
    for (size_t i = 0; i < API_INPUT; i++)
        input[i] = random_float(&state);
    reference_infer(g, 1, input, -1, expected);
    for (size_t i = 0; i < API_CLASSES; i++)
        output[i] = (float)expected[i];
    g->golden = (struct wrn_golden){ .batch = 1, .tolerance = 1e-4, .input = input, .output = output };
}

static void add_extras(struct wrn_graph *g)
{
    static const char *const labels[API_CLASSES] = { "airplane", "automobile", "bird",  "cat",  "deer",
                                                     "dog",      "frog",       "horse", "ship", "truck" };
    assert_ok(wrn_graph_set_labels(g, labels, API_CLASSES, &test_error));
    assert_ok(wrn_graph_set_property(g, "name", "a test", &test_error));
    g->preprocess = (wrn_preprocess)WRN_PREPROCESS_INIT;
    assert_ok(wrn_preprocess_preset("cifar", API_SIDE, API_SIDE, &g->preprocess, &test_error));
    g->has_preprocess = true;
    add_golden(g);
}

static struct api_file full, bare;

static void forget(void)
{
    free((void *)(uintptr_t)full.data);
    free((void *)(uintptr_t)bare.data);
    full = bare = (struct api_file){ 0 };
}

static struct api_file read_back(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    rewind(file);
    uint8_t *data = malloc((size_t)size);
    assert_int_equal(fread(data, 1, (size_t)size, file), size);
    fclose(file);
    return (struct api_file){ data, (size_t)size };
}

static void make(struct api_file *file, bool extras)
{
    if (file->data) return;
    if (!full.data && !bare.data) atexit(forget);
    struct make_graph small = make_graph_small();
    struct wrn_graph *g = make_graph(&small);
    if (extras) add_extras(g);
    char *path = api_file_write("", 0);
    assert_ok(wrn_wrnfile_write(g, NULL, path, &test_error));
    wrn_graph_free(g);
    *file = read_back(path);
    api_file_remove(path);
}

struct api_file api_file(void)
{
    make(&full, true);
    return full;
}

struct api_file api_bare_file(void)
{
    make(&bare, false);
    return bare;
}

wrn_model *api_load(const wrn_load_options *options)
{
    wrn_load_options two = api_options(NULL, 2);
    wrn_model *model;
    assert_ok(wrn_load_memory(api_file().data, api_file().size, options ? options : &two, &model, &test_error));
    return model;
}

float *api_floats(size_t count, uint32_t seed)
{
    float *floats = malloc(count * sizeof *floats);
    for (size_t i = 0; i < count; i++)
        floats[i] = random_float(&seed);
    return floats;
}

float *api_infer(wrn_model *model, int32_t batch, const float *input)
{
    size_t count = (size_t)batch * API_CLASSES;
    float *output = malloc(count * sizeof *output);
    assert_ok(wrn_infer(model, batch, input, (size_t)batch * API_INPUT, output, count, &test_error));
    return output;
}

/* ---- the host's memory ---- */

/* Stands right before the memory that is handed out. */
struct head {
    void *block;
    size_t size;
};

static void *heap_alloc(void *user, size_t size, size_t alignment)
{
    struct api_heap *heap = user;
    if (atomic_fetch_add(&heap->calls, 1) + 1 == heap->fail_at) return NULL;
    void *block;
    assert_true(alignment >= sizeof(struct head));
    if (posix_memalign(&block, alignment, alignment + heap->skew + size) != 0) return NULL;
    char *memory = (char *)block + alignment + heap->skew;
    memcpy(memory - sizeof(struct head), &(struct head){ block, size }, sizeof(struct head));
    atomic_fetch_add(&heap->live, 1);
    atomic_fetch_add(&heap->live_bytes, (long)size);
    return memory;
}

/* Keeps what was freed reachable, so that it is no leak. */
struct kept {
    struct kept *next;
    void *block;
};
static struct kept *kept;

static void release_kept(void)
{
    while (kept) {
        struct kept *next = kept->next;
        free(kept->block);
        free(kept);
        kept = next;
    }
}

static void heap_free(void *user, void *memory)
{
    struct api_heap *heap = user;
    struct head head;
    memcpy(&head, (char *)memory - sizeof head, sizeof head);
    atomic_fetch_sub(&heap->live, 1);
    atomic_fetch_sub(&heap->live_bytes, (long)head.size);
    if (!heap->quarantine) {
        free(head.block);
        return;
    }
    if (!kept) atexit(release_kept);
    struct kept *k = malloc(sizeof *k);
    *k = (struct kept){ kept, head.block };
    kept = k;
}

wrn_load_options api_options(struct api_heap *heap, int32_t threads)
{
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    options.threads = threads;
    if (heap) {
        options.alloc_user = heap;
        options.alloc = heap_alloc;
        options.free = heap_free;
    }
    return options;
}
