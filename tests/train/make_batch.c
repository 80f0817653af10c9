/* SPDX-License-Identifier: Apache-2.0 */
#include "make_batch.h"

#include "test.h"
#include "train_random.h"

struct wrnt_net *make_net_of(const struct wrnt_arch *arch, int32_t batch, int32_t threads, int32_t isa)
{
    struct wrnt_net *net;
    assert_ok(wrnt_net_create(arch, &(struct wrnt_net_options){ .batch = batch, .threads = threads, .isa = isa }, &net, &test_error));
    wrnt_net_initialize(net, 7);
    return net;
}

struct wrnt_net *make_net(const wrn_train_network *network, int32_t side, int32_t batch, int32_t threads, int32_t isa)
{
    struct wrnt_arch arch;
    assert_ok(wrnt_arch_make(network, 10, &arch, &test_error));
    arch.height = arch.width = side;
    return make_net_of(&arch, batch, threads, isa);
}

void shorten(struct wrnt_arch *arch, int32_t stages)
{
    arch->stages = stages;
    for (int32_t s = 0; s < stages; s++) arch->blocks[s] = s == 0 ? 2 : 1;
}

const struct named_net named_nets[] = {
    { "wrn-16-1", { .depth = 16, .k = 1 }, 16, 0, 0.01, 1e-2, 10 },
    { "resnet-20", { .depth = 20, .k = 1, .block = "1,3,1", .bottleneck = 4 }, 8, 0, 0.001, 1e-2, 10 },
    { "imagenet-18-0.25", { .depth = 18, .k = 0.25, .family = WRN_TRAIN_FAMILY_IMAGENET, .size = 64 }, 4, 0, 0.0002, 1e-3, 9 },
    { "imagenet-50-0.25", { .depth = 50, .k = 0.25, .family = WRN_TRAIN_FAMILY_IMAGENET, .size = 64 }, 4, 2, 0.0002, 1e-3, 10 },
    { 0 },
};

struct wrnt_net *make_named_net(const struct named_net *named, int32_t isa)
{
    struct wrnt_arch arch;
    assert_ok(wrnt_arch_make(&named->network, 10, &arch, &test_error));
    if (named->stages) shorten(&arch, named->stages);
    return make_net_of(&arch, named->batch, 2, isa);
}

struct wrnt_batch make_batch(const struct wrnt_net *net, int32_t images, uint64_t seed, uint64_t number)
{
    const struct wrn_layout *l = &net->tensors[0].layout;
    float *input = calloc((size_t)images * l->image, sizeof *input);
    int32_t *labels = calloc((size_t)images, sizeof *labels);
    assert_non_null(input);
    assert_non_null(labels);
    for (int32_t n = 0; n < images; n++) {
        uint64_t element = (uint64_t)n * (uint64_t)(l->c * l->h * l->w);
        labels[n] = (int32_t)(wrnt_random(seed, WRNT_RANDOM_ORDER, number, element + (UINT64_C(1) << 40)) % (uint64_t)net->arch.classes);
        for (int32_t c = 0; c < l->c; c++)
            for (int32_t y = 0; y < l->h; y++)
                for (int32_t x = 0; x < l->w; x++)
                    input[(size_t)n * l->image + l->origin + (size_t)y * l->row + (size_t)(x * l->cp + c)] =
                        (float)(wrnt_random(seed, WRNT_RANDOM_ORDER, number, element++) % 4096) / 1024 - 2;
    }
    return (struct wrnt_batch){ .input = input, .labels = labels, .images = images, .of = images, .seed = 1 };
}

void free_batch(struct wrnt_batch *batch)
{
    free((void *)batch->input);
    free((void *)batch->labels);
}
