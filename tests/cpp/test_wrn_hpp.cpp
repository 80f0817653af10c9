/* SPDX-License-Identifier: Apache-2.0 */
/* wrn.hpp in use, with exceptions and without: owners, views, options, hooks, errors. Against the C functions' results.
 *     test_wrn_hpp MODEL SCRATCH_FILE */
#include "wrn.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#if __cplusplus >= 202002L
#include <span>
#endif

static int failures;

#define CHECK(condition) \
    do { \
        if (!(condition)) std::printf("%d: %s\n", __LINE__, #condition), failures++; \
    } while (0)

static_assert(std::is_nothrow_move_constructible_v<wrn::model> && std::is_copy_constructible_v<wrn::model>);
static_assert(std::is_nothrow_move_constructible_v<wrn::session> && !std::is_copy_constructible_v<wrn::session>);
static_assert(!std::is_convertible_v<wrn::span<const float>, wrn::span<float>>, "a view does not drop const");
static_assert(!std::is_convertible_v<std::vector<double> &, wrn::span<const float>>, "nor change the element");

static std::vector<float> noise(std::size_t n)
{
    std::vector<float> v(n);
    std::uint32_t x = 1;
    for (float &f : v) x = x * 1664525u + 1013904223u, f = static_cast<float>(x >> 8) / 8388608.0f - 1;
    return v;
}

static void errors(const char *file)
{
    wrn::result<wrn::model> none = wrn::try_load("no such file");
    CHECK(!none && none.status() == WRN_E_IO && std::strcmp(none.error().name(), "WRN_E_IO") == 0);
    CHECK(std::strstr(none.error().what(), "no such file"));
    wrn::result<wrn::model> refused = wrn::try_load(file, wrn::load_options().algorithm("no such algorithm"));
    CHECK(refused.status() == WRN_E_ARG && std::strstr(refused.error().what(), "no such algorithm"));
    wrn::model empty;
    CHECK(!empty && empty.info().input_size == 0 && !empty.label(0) && !empty.property("format") && !empty.property_key(0));
    CHECK(empty.try_infer(1, {}).status() == WRN_E_ARG && empty.try_step(0).status() == WRN_E_ARG);
    CHECK(wrn::session::try_create(empty).status() == WRN_E_ARG && wrn::session().step_seconds(0) == 0);
    CHECK(wrn::try_preprocess_preset("no such preset", 32, 32).status() == WRN_E_NOTFOUND);
}

static void models(const char *file)
{
    wrn_model *c = nullptr;
    CHECK(wrn_load(file, nullptr, &c, nullptr) == WRN_OK);
    wrn::model owner(c), model = owner, moved = std::move(owner);
    CHECK(!owner && model.get() == c && moved.get() == c);
    moved = wrn::model();
    const wrn_model_info info = model.info();
    CHECK(info.output_size == 10 && std::strcmp(model.label(3), "cat") == 0 && !model.label(10));
    CHECK(std::strcmp(model.property("architecture"), "WRN-16-2") == 0 && model.property_key(0) && !model.property("no such key"));
    CHECK((*model.try_preprocess()).crop_height == 32);
    CHECK((*model.try_step(0)).struct_size == sizeof(wrn_step_info) && model.try_step(info.step_count).status() == WRN_E_ARG);
    CHECK(std::strcmp((*model.try_feature(0)).name, "stage1") == 0);

    const std::vector<float> input = noise(2 * info.input_size);
    std::array<float, 20> expected{}, got{};
    CHECK(wrn_infer(c, 2, input.data(), input.size(), expected.data(), expected.size(), nullptr) == WRN_OK);
    CHECK(model.try_infer(2, input, got) && got == expected);
    wrn::result<std::vector<float>> made = model.try_infer(2, { input.data(), input.size() });
    CHECK(made && made->size() == 20 && std::equal(made->begin(), made->end(), expected.begin()));
    CHECK(model.try_infer(3, input, got).status() == WRN_E_SHAPE || model.try_infer(3, input, got).status() == WRN_E_ARG);
#if __cplusplus >= 202002L
    CHECK(model.try_infer(2, std::span<const float>(input), std::span<float>(got)));
#endif
    wrn::result<std::vector<float>> p = model.try_probabilities({ expected.data(), 10 });
    float sum = 0;
    for (float x : *p) sum += x;
    CHECK(sum > 0.999f && sum < 1.001f);

    std::vector<std::uint8_t> pixels(40 * 50 * 4, 90);
    const wrn::image grey(pixels.data(), 40, 50, WRN_PIXELS_GREY), bgra(pixels.data(), 40, 50, WRN_PIXELS_BGRA);
    CHECK(grey.stride == 40 && bgra.stride == 160 && wrn::image(pixels.data(), 40, 50).stride == 120);
    wrn::result<std::vector<wrn_prediction>> a = model.try_classify(grey, 3), b = model.try_classify(bgra, 10);
    CHECK(a && b && a->size() == 3 && b->size() == 10 && (*a)[0].index == (*b)[0].index && (*a)[0].score == (*b)[0].score);
    CHECK(model.try_classify(grey, 11).status() == WRN_E_ARG && model.try_classify(grey, 0).status() == WRN_E_ARG);
    CHECK(model.try_preprocess_image(grey)->size() == info.input_size);
}

static void sessions(const char *file)
{
    int lines = 0, asked = 0, loops = 0;
    bool stop = false;
    wrn::session session;
    std::vector<float> input, output(10), pool;
    {
        wrn::result<wrn::model> model = wrn::try_load(
            file, wrn::load_options().threads(2).flags(WRN_LOAD_BOUNDS).features("pool").log(2, [&](std::int32_t, const char *) { lines++; })
                      .cancel([&] { return asked++, stop; })
                      .parallel_for([&](const std::function<void(std::size_t)> &task, std::size_t count) {
                          loops++;
                          for (std::size_t i = 0; i < count; i++) task(i);
                      }));
        CHECK(model);
        wrn::result<wrn::session> made = wrn::session::try_create(*model);
        CHECK(made);
        session = std::move(*made);
        input = noise(model->info().input_size);
        pool.resize(static_cast<std::size_t>((*model->try_feature(model->info().feature_count - 1)).size));
    } /* the session keeps the model and the hooks */
    CHECK(lines > 0 && session.try_profile(true));
    asked = loops = 0;
    CHECK(session.try_infer(1, input, output) && asked > 0 && loops > 0 && session.step_seconds(0) > 0);
    const char *const names[] = { "pool", "output" };
    std::vector<float> again(10);
    const wrn::span<float> outputs[] = { pool, again };
    CHECK(session.try_infer_named(1, input, names, outputs) && again == output && pool[0] >= 0);
    stop = true;
    CHECK(session.try_infer(1, input, output).status() == WRN_E_CANCELLED);
}

static void files(const char *file, const char *scratch)
{
    wrn_preprocess svhn = *wrn::try_preprocess_preset("svhn", 32, 32);
    CHECK(wrn::try_convert(file, scratch, wrn::convert_options().format(WRN_FORMAT_WRN).weights(WRN_DTYPE_F16).preprocess(svhn)
                                              .labels({ "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" })
                                              .property("name", "tiny").property("license", "")));
    std::ifstream stream(scratch, std::ios::binary);
    const std::string bytes{ std::istreambuf_iterator<char>(stream), {} };
    wrn::result<wrn::model> model = wrn::try_load_memory(bytes.data(), bytes.size(), wrn::load_options().flags(WRN_LOAD_IN_PLACE));
    CHECK(model && std::strcmp(model->label(9), "j") == 0 && std::strcmp(model->property("name"), "tiny") == 0);
    CHECK(!model->property("license") && (*model->try_preprocess()).std[0] == svhn.std[0]);
    CHECK(!wrn::try_convert(file, scratch, wrn::convert_options().pack("no such isa")));
}

#ifndef WRN_NO_EXCEPTIONS
template <class F> static wrn_status thrown(F f)
{
    try {
        f();
    } catch (const std::exception &e) {
        return dynamic_cast<const wrn::error &>(e).status();
    }
    return WRN_OK;
}

static void exceptions(const char *file)
{
    CHECK(thrown([] { wrn::load("no such file"); }) == WRN_E_IO);
    CHECK(thrown([] { wrn::load_memory("junk", 4); }) == WRN_E_FORMAT);
    CHECK(thrown([] { wrn::session s{ wrn::model() }; }) == WRN_E_ARG);
    CHECK(thrown([] { wrn::convert("no such file", "neither"); }) != WRN_OK);
    CHECK(thrown([] { wrn::preprocess_preset("no such preset", 1, 1); }) == WRN_E_NOTFOUND);
    CHECK(thrown([=] {
        const wrn::model model = wrn::load(file);
        wrn::session session(model);
        const std::vector<float> input = noise(model.info().input_size);
        std::vector<float> output(10);
        session.infer(1, input, output);
        CHECK(output == model.infer(1, input) && model.probabilities(output).size() == 10);
        CHECK(model.classify({ std::vector<std::uint8_t>(3 * 32 * 32).data(), 32, 32 }, 1).size() == 1);
        session.infer(2, input, output);
    }) != WRN_OK);
}
#else
static void exceptions(const char *) {}
#endif

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    CHECK(wrn::version() == WRN_VERSION_MAJOR * 10000 + WRN_VERSION_MINOR * 100 + WRN_VERSION_PATCH);
    errors(argv[1]);
    models(argv[1]);
    sessions(argv[1]);
    files(argv[1], argv[2]);
    exceptions(argv[1]);
    return failures != 0;
}
