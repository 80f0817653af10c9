/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

#include "make_graph.h"
#include "test.h"

#include "base/half.h"

#include <dirent.h>
#include <unistd.h>

static int32_t weight(struct wrn_graph *g, const char *name, enum wrn_dtype dtype, int32_t rank, const int64_t *dims, float center)
{
    uint32_t state = (uint32_t)g->weight_count + 1;
    size_t count = 1;
    int32_t index;
    for (int32_t i = 0; i < rank; i++) count *= (size_t)dims[i];
    float *floats = wrn_arena_alloc(&g->arena, count, sizeof *floats);
    uint16_t *halfs = wrn_arena_alloc(&g->arena, count, sizeof *halfs);
    for (size_t i = 0; i < count; i++) {
        floats[i] = center + 0.5f * random_float(&state);
        halfs[i] = wrn_float_to_half(floats[i]);
    }
    assert_ok(wrn_graph_add_weight(g, name, dtype, rank, dims, dtype == WRN_F16 ? (void *)halfs : floats, &index, &test_error));
    return index;
}

static int32_t add(struct wrn_graph *g, struct wrn_node n, const char *output_name)
{
    int32_t output;
    assert_ok(wrn_graph_add_node(g, &n, output_name, &output, &test_error));
    return output;
}

static int32_t simple(struct wrn_graph *g, enum wrn_op op, int32_t input)
{
    return add(g, wrn_node_make(op, wrn_op_name((int32_t)op), input), NULL);
}

static int32_t pool(struct wrn_graph *g, enum wrn_op op, int32_t input)
{
    struct wrn_node n = wrn_node_make(op, "pool", input);
    n.kernel[0] = 3, n.kernel[1] = 2;
    n.stride[1] = 2;
    n.pad[WRN_TOP] = n.pad[WRN_BOTTOM] = 1;
    n.ceil_mode = op == WRN_OP_MAXPOOL;
    n.count_pad = op == WRN_OP_AVGPOOL;
    return add(g, n, op == WRN_OP_MAXPOOL ? "größte" : NULL);
}

static int32_t network(struct wrn_graph *g)
{
    int32_t x, y;
    struct wrn_node n;
    assert_ok(wrn_graph_set_input(g, "pixels", 4, 2, 5, 6, WRN_LAYOUT_NHWC, &x, &test_error));

    n = wrn_node_make(WRN_OP_PAD, "pad", x);
    n.pad[WRN_TOP] = 1, n.pad[WRN_RIGHT] = 2;
    n.value = -0.25;
    x = add(g, n, NULL);
    n = wrn_node_make(WRN_OP_CONV, "conv", x);
    n.weights[0] = weight(g, "conv.weight", WRN_F16, 4, (int64_t[]){ 4, 1, 3, 2 }, 0);
    n.weights[1] = weight(g, "conv.bias", WRN_F32, 1, (int64_t[]){ 4 }, 0);
    n.groups = 2;
    n.dilation[1] = 2;
    n.pad[WRN_LEFT] = n.pad[WRN_TOP] = 1;
    x = add(g, n, "conv.out");
    n = wrn_node_make(WRN_OP_BATCHNORM, "bn", x);
    const char *const names[] = { "bn.scale", "bn.shift", "bn.mean", "bn.variance" };
    for (int i = 0; i < 4; i++) n.weights[i] = weight(g, names[i], WRN_F32, 1, (int64_t[]){ 4 }, i == 3 ? 1 : 0);
    n.epsilon = 1e-5;
    x = simple(g, WRN_OP_RELU, add(g, n, NULL));
    n = wrn_node_make(WRN_OP_AFFINE, "affine", x);
    n.weights[1] = weight(g, "shift", WRN_F32, 0, NULL, 0);
    y = add(g, n, NULL);
    n = wrn_node_make(WRN_OP_ADD, "sum", x);
    n.inputs[1] = y;
    x = add(g, n, NULL);
    x = pool(g, WRN_OP_AVGPOOL, pool(g, WRN_OP_MAXPOOL, x));
    n = wrn_node_make(WRN_OP_DROPOUT, "dropout", x);
    n.value = 0.3;
    x = add(g, n, NULL);
    n = wrn_node_make(WRN_OP_GLOBALMAX, "max", x);
    add(g, n, NULL);
    n = wrn_node_make(WRN_OP_GLOBALAVG, "mean", x);
    x = simple(g, WRN_OP_FLATTEN, add(g, n, NULL));
    n = wrn_node_make(WRN_OP_LINEAR, "classifier", x);
    n.weights[0] = weight(g, "classifier.weight", WRN_F32, 2, (int64_t[]){ 3, 4 }, 0);
    n.weights[1] = weight(g, "classifier.bias", WRN_F32, 1, (int64_t[]){ 3 }, 0);
    x = simple(g, WRN_OP_SOFTMAX, add(g, n, NULL));
    return simple(g, WRN_OP_LOGSOFTMAX, x);
}

struct wrn_graph *sample_graph_bare(void)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_graph *g;
    assert_ok(wrn_graph_create(&alloc, &g, &test_error));
    assert_ok(wrn_graph_set_output(g, network(g), &test_error));
    assert_ok(wrn_graph_check(g, &test_error));
    return g;
}

struct wrn_graph *sample_graph(void)
{
    static const char *const labels[] = { "avion", "été", "" };
    static const float input[2 * 2 * 5 * 6] = { 1, -2, 0.5f, [119] = 3 }, output[2 * 3] = { 0.25f, -1, [5] = 2 };
    struct wrn_graph *g = sample_graph_bare();
    assert_ok(wrn_graph_set_labels(g, labels, 3, &test_error));
    assert_ok(wrn_graph_set_property(g, "name", "sample", &test_error));
    assert_ok(wrn_graph_set_property(g, "license", "Apache-2.0", &test_error));
    g->has_preprocess = true;
    g->preprocess = (wrn_preprocess){ .struct_size = sizeof(wrn_preprocess), .resize = WRN_RESIZE_SHORTER, .filter = WRN_FILTER_BICUBIC,
                                      .resize_height = 8, .crop_height = 5, .crop_width = 6, .channel_order = WRN_PIXELS_BGR,
                                      .scale_to = 255, .mean = { 125.3f, 123, 113.9f }, .std = { 63, 62.1f, 66.7f } };
    g->golden = (struct wrn_golden){ .batch = 2, .tolerance = 1e-3, .input = input, .output = output };
    assert_ok(wrn_graph_check(g, &test_error));
    return g;
}

/* ---- comparing ---- */

static void assert_same_text(const char *a, const char *b)
{
    assert_non_null(a);
    assert_non_null(b);
    assert_string_equal(a, b);
}

static void assert_same_node(const struct wrn_node *a, const struct wrn_node *b)
{
    struct wrn_node x = *a, y = *b;
    assert_same_text(a->name, b->name);
    assert_true(a->epsilon == b->epsilon && a->value == b->value);
    assert_int_equal(a->op, b->op);
    assert_true(a->ceil_mode == b->ceil_mode && a->count_pad == b->count_pad && a->flat == b->flat);
    assert_int_equal(x.output, y.output);
    assert_memory_equal(x.inputs, y.inputs, sizeof x.inputs);
    assert_memory_equal(x.weights, y.weights, sizeof x.weights);
    assert_memory_equal(x.kernel, y.kernel, sizeof x.kernel);
    assert_memory_equal(x.stride, y.stride, sizeof x.stride);
    assert_memory_equal(x.dilation, y.dilation, sizeof x.dilation);
    assert_memory_equal(x.pad, y.pad, sizeof x.pad);
    assert_int_equal(a->groups, b->groups);
}

static void assert_same_value(const struct wrn_value *a, const struct wrn_value *b)
{
    assert_same_text(a->name, b->name);
    assert_true(a->rank == b->rank && a->c == b->c && a->h == b->h && a->w == b->w && a->producer == b->producer);
}

static void assert_same_weight(const struct wrn_weight *a, const struct wrn_weight *b)
{
    assert_same_text(a->name, b->name);
    assert_true(a->dtype == b->dtype && a->rank == b->rank && a->count == b->count);
    assert_memory_equal(a->dims, b->dims, sizeof a->dims);
    assert_memory_equal(a->data, b->data, a->count * (a->dtype == WRN_F16 ? 2 : 4));
}

static size_t floats_of(const struct wrn_graph *g, int32_t value)
{
    const struct wrn_value *v = &g->values[value];
    return (size_t)v->c * (size_t)v->h * (size_t)v->w;
}

void assert_same_graph(const struct wrn_graph *a, const struct wrn_graph *b)
{
    assert_true(a->node_count == b->node_count && a->value_count == b->value_count && a->weight_count == b->weight_count);
    assert_true(a->input == b->input && a->output == b->output && a->input_layout == b->input_layout && a->output_layout == b->output_layout);
    for (int32_t i = 0; i < a->node_count; i++) assert_same_node(&a->nodes[i], &b->nodes[i]);
    for (int32_t i = 0; i < a->value_count; i++) assert_same_value(&a->values[i], &b->values[i]);
    for (int32_t i = 0; i < a->weight_count; i++) assert_same_weight(&a->weights[i], &b->weights[i]);
    assert_int_equal(a->label_count, b->label_count);
    for (int32_t i = 0; i < a->label_count; i++) assert_same_text(a->labels[i], b->labels[i]);
    assert_int_equal(a->property_count, b->property_count);
    for (int32_t i = 0; i < a->property_count; i++) {
        assert_same_text(a->properties[i].key, b->properties[i].key);
        assert_same_text(a->properties[i].value, b->properties[i].value);
    }
    assert_int_equal(a->has_preprocess, b->has_preprocess);
    if (a->has_preprocess) assert_memory_equal(&a->preprocess, &b->preprocess, sizeof a->preprocess);
    assert_int_equal(a->golden.batch, b->golden.batch);
    if (a->golden.batch) {
        size_t batch = (size_t)a->golden.batch * sizeof(float);
        assert_true(a->golden.tolerance == b->golden.tolerance);
        assert_memory_equal(a->golden.input, b->golden.input, batch * floats_of(a, a->input));
        assert_memory_equal(a->golden.output, b->golden.output, batch * floats_of(a, a->output));
    }
}

/* ---- files ---- */

static char directory[] = "/tmp/wrn-test-XXXXXX";
static int directory_made;

char *temporary_path(const char *name)
{
    if (!directory_made) assert_non_null(mkdtemp(directory));
    directory_made = 1;
    char *path = malloc(sizeof directory + strlen(name) + 2);
    assert_non_null(path);
    sprintf(path, "%s/%s", directory, name);
    return path;
}

int temporary_cleanup(void)
{
    int left = 0;
    DIR *dir = directory_made ? opendir(directory) : NULL;
    if (!dir) return 0;
    for (struct dirent *e; (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        char *path = temporary_path(e->d_name);
        unlink(path);
        free(path);
        left++;
    }
    closedir(dir);
    rmdir(directory);
    return left;
}

struct image image_load(const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    struct image image = { 0 };
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    image.size = (size_t)ftell(f);
    rewind(f);
    image.data = malloc(image.size);
    assert_int_equal(fread(image.data, 1, image.size, f), image.size);
    fclose(f);
    return image;
}

struct image image_of(const struct wrn_graph *graph)
{
    char *path = temporary_path("image.wrn");
    assert_ok(wrn_wrnfile_write(graph, NULL, path, &test_error));
    struct image image = image_load(path);
    unlink(path);
    free(path);
    return image;
}

struct image image_copy(const struct image *from)
{
    struct image image = { malloc(from->size ? from->size : 1), from->size };
    memcpy(image.data, from->data, from->size);
    return image;
}

void image_free(struct image *image)
{
    free(image->data);
    image->data = NULL;
}

wrn_status image_read(const struct image *image, struct wrn_graph **graph, wrn_error *error)
{
    struct wrn_blob blob = { .alloc = wrn_alloc_default(), .data = image->data, .size = image->size, .kind = WRN_BLOB_BORROWED };
    struct wrn_source source = { .alloc = blob.alloc, .blob = &blob };
    return wrn_importer_wrn.read(&source, graph, error);
}

/* ---- memory ---- */

static void *fail_alloc(void *user, size_t size, size_t alignment)
{
    struct failing *f = user;
    if (f->calls++ >= f->fail_at) return NULL;
    void *memory = NULL;
    if (posix_memalign(&memory, alignment, size) != 0) return NULL;
    f->live++;
    return memory;
}

static void fail_free(void *user, void *memory)
{
    ((struct failing *)user)->live--;
    free(memory);
}

struct wrn_alloc failing_alloc(struct failing *state)
{
    return (struct wrn_alloc){ state, fail_alloc, fail_free };
}
