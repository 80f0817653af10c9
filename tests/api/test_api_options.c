/* SPDX-License-Identifier: Apache-2.0 */
/* Options: their ranges, and structures of older and newer headers than the library's. */
#include "api_model.h"

#include "base/cpu.h"

static void load_fails(const wrn_load_options *options, wrn_status status, const char *text)
{
    wrn_model *model = (wrn_model *)(void *)&status;
    assert_fails(wrn_load_memory(api_file().data, api_file().size, options, &model, &test_error), status, text);
    assert_null(model);
}

static wrn_model_info info_of(const wrn_load_options *options)
{
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_model *model = api_load(options);
    assert_ok(wrn_model_get_info(model, &info, &test_error));
    wrn_free(model);
    return info;
}

static void ranges(void **state)
{
    (void)state;
    const struct {
        size_t offset;
        int32_t value;
        const char *name;
    } bad[] = {
        { offsetof(wrn_load_options, threads), -1, "threads" },
        { offsetof(wrn_load_options, threads), 1025, "threads" },
        { offsetof(wrn_load_options, threads), 1000000, "threads" },
        { offsetof(wrn_load_options, pass_batch), -1, "pass_batch" },
        { offsetof(wrn_load_options, pass_batch), 65537, "pass_batch" },
        { offsetof(wrn_load_options, isa), -1, "isa" },
        { offsetof(wrn_load_options, isa), 5, "isa" },
        { offsetof(wrn_load_options, height), 12, "height and width" },
        { offsetof(wrn_load_options, width), 12, "height and width" },
        { offsetof(wrn_load_options, width), -12, "width" },
        { offsetof(wrn_load_options, height), INT32_MAX, "height" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wrn_load_options options = api_options(NULL, 1);
        memcpy((char *)&options + bad[i].offset, &bad[i].value, sizeof bad[i].value);
        load_fails(&options, WRN_E_ARG, bad[i].name);
    }
}

static void words_and_hooks(void **state)
{
    (void)state;
    struct api_heap heap = { 0 };
    wrn_load_options options = api_options(NULL, 1);
    options.algorithm = "fastest";
    load_fails(&options, WRN_E_ARG, "'fastest'");
    options = api_options(NULL, 1);
    options.features = "stage1,stage9";
    load_fails(&options, WRN_E_NOTFOUND, "'stage9'");
    options = api_options(NULL, 1);
    options.flags = 1u << 31;
    load_fails(&options, WRN_E_UNSUPPORTED, "flags");
    options = api_options(&heap, 1);
    options.free = NULL;
    load_fails(&options, WRN_E_ARG, "alloc and free");
    options = api_options(&heap, 1);
    options.alloc = NULL;
    load_fails(&options, WRN_E_ARG, "alloc and free");
    options = api_options(NULL, 1);
    options.memory_limit = 4096;
    load_fails(&options, WRN_E_LIMIT, "memory_limit");
}

static void preprocessing(void **state)
{
    (void)state;
    wrn_load_options options = api_options(NULL, 1);
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    options.preprocess = &p;
    assert_ok(wrn_preprocess_preset("cifar", 24, 24, &p, &test_error));
    load_fails(&options, WRN_E_SHAPE, "24");
    assert_ok(wrn_preprocess_preset("svhn", API_SIDE, API_SIDE, &p, &test_error));
    p.std[1] = 0;
    load_fails(&options, WRN_E_ARG, "std[1]");
    p.std[1] = 1;
    p.filter = 99;
    load_fails(&options, WRN_E_ARG, "filter");
    p.filter = WRN_FILTER_BOX;
    p.struct_size = 8;
    load_fails(&options, WRN_E_ARG, "struct_size");
    p.struct_size = sizeof p;
    p.crop_height = p.crop_width = 0; /* taken from the model */
    wrn_model *model = api_load(&options);
    wrn_preprocess used = WRN_PREPROCESS_INIT;
    assert_ok(wrn_model_get_preprocess(model, &used, &test_error));
    assert_int_equal(used.filter, WRN_FILTER_BOX);
    assert_int_equal(used.crop_height, API_SIDE);
    assert_true(used.scale_to == 1);
    wrn_free(model);
}

/* What a newer header's structure looks like: ours and something behind it. */
union newer {
    wrn_load_options load;
    wrn_model_info info;
    wrn_preprocess preprocess;
    wrn_feature_info feature;
    wrn_step_info step;
    wrn_convert_options convert;
    uint32_t struct_size;
    uint8_t bytes[1024];
};

static void sizes_of_load_options(void **state)
{
    (void)state;
    union newer n = { .load = WRN_LOAD_OPTIONS_INIT };
    n.load.threads = 1;
    wrn_free(api_load(&n.load)); /* as today */
    n.struct_size = offsetof(wrn_load_options, accuracy);
    n.load.accuracy = -1;
    wrn_free(api_load(&n.load)); /* the first version: what came later is not read */
    n.load.accuracy = 0;
    n.struct_size = sizeof n;
    wrn_free(api_load(&n.load)); /* newer, nothing of it used */
    n.bytes[sizeof n - 1] = 1;
    load_fails(&n.load, WRN_E_UNSUPPORTED, "wrn_load_options");
    n.bytes[sizeof n - 1] = 0;
    n.bytes[sizeof n.load] = 1;
    load_fails(&n.load, WRN_E_UNSUPPORTED, "wrn_load_options");
    const uint32_t bad[] = { 0, 4, offsetof(wrn_load_options, accuracy) - 1, UINT32_MAX };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        n.struct_size = bad[i];
        load_fails(&n.load, WRN_E_ARG, "struct_size");
    }
}

static wrn_model *model;

static wrn_status fill(int which, union newer *n)
{
    switch (which) {
    case 0:
        return wrn_model_get_info(model, &n->info, &test_error);
    case 1:
        return wrn_model_get_preprocess(model, &n->preprocess, &test_error);
    case 2:
        return wrn_model_feature(model, 0, &n->feature, &test_error);
    case 3:
        return wrn_model_step(model, 0, &n->step, &test_error);
    default:
        return wrn_preprocess_preset("cifar", 32, 32, &n->preprocess, &test_error);
    }
}

/* Filled up to struct_size and not a byte further; what the library does not know becomes zero. */
static void sizes_of_outputs(void **state)
{
    (void)state;
    const size_t ours[] = { sizeof(wrn_model_info), sizeof(wrn_preprocess), sizeof(wrn_feature_info),
                            sizeof(wrn_step_info), sizeof(wrn_preprocess) };
    const size_t first[] = { sizeof(wrn_model_info), sizeof(wrn_preprocess), sizeof(wrn_feature_info),
                             offsetof(wrn_step_info, predicted_error), sizeof(wrn_preprocess) }; /* of the first version */
    model = api_load(NULL);
    for (int which = 0; which < 5; which++) {
        union newer n, m;
        memset(&n, 0xa5, sizeof n);
        n.struct_size = (uint32_t)ours[which];
        assert_ok(fill(which, &n));
        assert_int_equal(n.struct_size, ours[which]);
        for (size_t i = ours[which]; i < sizeof n; i++)
            assert_int_equal(n.bytes[i], 0xa5);

        memset(&m, 0xa5, sizeof m);
        m.struct_size = sizeof m - 8;
        assert_ok(fill(which, &m));
        assert_memory_equal(m.bytes + 4, n.bytes + 4, ours[which] - 4);
        for (size_t i = ours[which]; i < sizeof m; i++)
            assert_int_equal(m.bytes[i], i < sizeof m - 8 ? 0 : 0xa5);

        memset(&m, 0xa5, sizeof m);
        m.struct_size = (uint32_t)first[which];
        assert_ok(fill(which, &m));
        assert_memory_equal(m.bytes + 4, n.bytes + 4, first[which] - 4);
        for (size_t i = first[which]; i < sizeof m; i++)
            assert_int_equal(m.bytes[i], 0xa5);

        const uint32_t bad[] = { 0, 4, (uint32_t)first[which] - 1, UINT32_MAX };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            m.struct_size = bad[i];
            assert_fails(fill(which, &m), WRN_E_ARG, "struct_size");
        }
    }
    wrn_free(model);
}

static void sizes_of_convert_options(void **state)
{
    (void)state;
    union newer n = { .convert = WRN_CONVERT_OPTIONS_INIT };
    char *in = api_file_write(api_file().data, api_file().size), *out = api_file_write("", 0);
    n.convert.format = WRN_FORMAT_WRN;
    assert_ok(wrn_convert(in, out, &n.convert, &test_error));
    n.struct_size = sizeof n;
    assert_ok(wrn_convert(in, out, &n.convert, &test_error));
    n.bytes[sizeof n - 1] = 1;
    assert_fails(wrn_convert(in, out, &n.convert, &test_error), WRN_E_UNSUPPORTED, "wrn_convert_options");
    n.struct_size = 4;
    assert_fails(wrn_convert(in, out, &n.convert, &test_error), WRN_E_ARG, "struct_size");
    api_file_remove(in);
    api_file_remove(out);
}

/* Every instruction set either works, or is refused as one that this CPU lacks. */
static void instruction_sets(void **state)
{
    (void)state;
    struct wrn_cpu cpu;
    wrn_cpu_detect(&cpu);
    for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++) {
        wrn_load_options options = api_options(NULL, 1);
        options.isa = isa;
        if (cpu.isa_mask >> isa & 1)
            assert_int_equal(info_of(&options).isa, isa);
        else
            load_fails(&options, WRN_E_UNSUPPORTED, wrn_isa_name(isa));
    }
}

static void environment(void **state)
{
    (void)state;
    wrn_load_options any = api_options(NULL, 1), c = any;
    const char *before = getenv("WRN_ISA");
    char *kept = before ? strdup(before) : NULL;
    c.isa = WRN_ISA_C;
    unsetenv("WRN_ISA");
    int32_t best = info_of(&any).isa;
    setenv("WRN_ISA", "", 1);
    assert_int_equal(info_of(&any).isa, best);
    setenv("WRN_ISA", "c", 1);
    assert_int_equal(info_of(&any).isa, WRN_ISA_C);
    const char *const garbage[] = { "C", "sse", "avx2 ", "avx2,c", "\xff\xfe\n%s%n", "0" };
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        setenv("WRN_ISA", garbage[i], 1);
        load_fails(&any, WRN_E_ARG, "WRN_ISA");
        assert_null(strpbrk(test_error.message, "\n\xff\xfe"));
        assert_int_equal(info_of(&c).isa, WRN_ISA_C); /* the option needs no variable */
    }
#if defined(__x86_64__) || defined(__i386__)
    setenv("WRN_ISA", "neon", 1);
#else
    setenv("WRN_ISA", "avx2", 1);
#endif
    load_fails(&any, WRN_E_UNSUPPORTED, "WRN_ISA");
    if (kept)
        setenv("WRN_ISA", kept, 1);
    else
        unsetenv("WRN_ISA");
    free(kept);
}

static void threads_and_passes(void **state)
{
    (void)state;
    const int32_t counts[] = { 1, 2, 3, 17 };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        wrn_load_options options = api_options(NULL, counts[i]);
        options.pass_batch = counts[i];
        wrn_model_info info = info_of(&options);
        assert_int_equal(info.threads, counts[i]);
        assert_int_equal(info.pass_batch, counts[i]);
    }
    wrn_load_options options = api_options(NULL, 0);
    assert_int_equal(info_of(&options).threads, wrn_cpu_usable());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),
        cmocka_unit_test(words_and_hooks),
        cmocka_unit_test(preprocessing),
        cmocka_unit_test(sizes_of_load_options),
        cmocka_unit_test(sizes_of_outputs),
        cmocka_unit_test(sizes_of_convert_options),
        cmocka_unit_test(instruction_sets),
        cmocka_unit_test(environment),
        cmocka_unit_test(threads_and_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
