/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_HPP
#define WRN_HPP
/*
 * libwrn for C++17 and later: wrn.h with owners, views and errors in the language's own terms. A header alone; link libwrn.
 *
 *     wrn::model model = wrn::load("cifar10.wrn", wrn::load_options().threads(2));
 *     for (const wrn_prediction &p : model.classify({ pixels, 640, 480, WRN_PIXELS_RGB }, 5))
 *         std::printf("%5.1f%%  %s\n", 100 * p.probability, p.label);
 *
 * What each function does, wrn.h says. The rules of this header:
 *
 * - Functions that can fail come in pairs: NAME throws wrn::error, try_NAME returns a wrn::result and throws nothing of its
 *   own (only std::bad_alloc where a vector is made). Compiled without exceptions, or with WRN_NO_EXCEPTIONS defined, the
 *   first kind is not there.
 * - model is a counted reference: copies share the model, from any thread. session can be moved only. Both are empty after
 *   a move, and convert to bool.
 * - Hooks given to load_options live as long as the models and sessions made with them. They must not throw.
 * - Arrays are wrn::span: pointer and length, from vectors, std::array, std::span, C arrays, or a pair of both.
 * - Plain structures (wrn_model_info, wrn_preprocess, wrn_prediction, …) and constants are those of wrn.h.
 */
#include "wrn.h"

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#if !defined(WRN_NO_EXCEPTIONS) && !defined(__cpp_exceptions)
#define WRN_NO_EXCEPTIONS
#endif

namespace wrn {

/* ------------------------------------------------------------------------------------------------
 * 1. Views and errors
 */

template <class T> class span {
public:
    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t N> constexpr span(T (&array)[N]) noexcept : data_(array), size_(N) {}
    /* Anything with data() and size() whose elements are T, or T but for const. */
    template <class C, class = std::enable_if_t<std::is_convertible_v<
                           std::remove_pointer_t<decltype(std::declval<C &>().data())> (*)[], T (*)[]>>>
    constexpr span(C &&container) noexcept : data_(container.data()), size_(container.size()) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t i) const noexcept { return data_[i]; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

class error : public std::exception {
public:
    error() noexcept = default;
    explicit error(const wrn_error &e) noexcept : error_(e) {}
    wrn_status status() const noexcept { return error_.status; }
    const char *name() const noexcept { return wrn_status_name(error_.status); }
    const char *what() const noexcept override { return error_.message; }

private:
    wrn_error error_ = {};
};

/* A value, or the error that kept it from being made. value() of the latter throws it; without exceptions it ends the process,
 * so ask first. */
template <class T> class [[nodiscard]] result {
public:
    result(T value) : value_(std::move(value)) {}
    result(const wrn::error &e) noexcept : error_(e) {}
    explicit operator bool() const noexcept { return value_.has_value(); }
    wrn_status status() const noexcept { return error_.status(); }
    const wrn::error &error() const noexcept { return error_; }
    T &value() &
    {
        require();
        return *value_;
    }
    T &&value() &&
    {
        require();
        return std::move(*value_);
    }
    T &operator*() noexcept { return *value_; }
    T *operator->() noexcept { return &*value_; }

private:
    void require() const
    {
        if (value_) return;
#ifdef WRN_NO_EXCEPTIONS
        std::abort();
#else
        throw error_;
#endif
    }
    std::optional<T> value_;
    wrn::error error_;
};

template <> class [[nodiscard]] result<void> {
public:
    result() noexcept = default;
    result(const wrn::error &e) noexcept : error_(e) {}
    explicit operator bool() const noexcept { return status() == WRN_OK; }
    wrn_status status() const noexcept { return error_.status(); }
    const wrn::error &error() const noexcept { return error_; }
    void value() const
    {
        if (status() == WRN_OK) return;
#ifdef WRN_NO_EXCEPTIONS
        std::abort();
#else
        throw error_;
#endif
    }

private:
    wrn::error error_;
};

/* major * 10000 + minor * 100 + patch, of the library that is running */
inline std::uint32_t version() noexcept { return wrn_version(); }

/* ------------------------------------------------------------------------------------------------
 * 2. Options
 */

/* 8-bit pixels; rows are `stride` bytes apart, 0: no gaps between them. */
struct image {
    const std::uint8_t *pixels;
    std::int32_t width, height, format; /* WRN_PIXELS_... */
    std::ptrdiff_t stride;

    image(const std::uint8_t *data, std::int32_t w, std::int32_t h, std::int32_t pixel_format = WRN_PIXELS_RGB,
          std::ptrdiff_t row = 0) noexcept
        : pixels(data), width(w), height(h), format(pixel_format),
          stride(row ? row : std::ptrdiff_t{ w } * (pixel_format == WRN_PIXELS_GREY ? 1 : pixel_format >= WRN_PIXELS_RGBA ? 4 : 3))
    {
    }
};

namespace detail {

struct hooks {
    std::function<void(std::int32_t level, const char *message)> log;
    std::function<bool()> cancel;
    std::function<void(const std::function<void(std::size_t)> &task, std::size_t count)> parallel_for;
    std::function<bool(const char *name, const void **data, std::size_t *size)> external_data;
};

} // namespace detail

/* wrn_load_options; setters return the object, so that they can be chained. */
class load_options {
public:
    load_options &flags(std::uint32_t bits) noexcept { return set(&wrn_load_options::flags, raw_.flags | bits); } /* adds */
    load_options &threads(std::int32_t n) noexcept { return set(&wrn_load_options::threads, n); }
    load_options &pass_batch(std::int32_t n) noexcept { return set(&wrn_load_options::pass_batch, n); }
    load_options &isa(std::int32_t which) noexcept { return set(&wrn_load_options::isa, which); }
    load_options &memory_limit(std::uint64_t bytes) noexcept { return set(&wrn_load_options::memory_limit, bytes); }
    load_options &accuracy(double limit) noexcept { return set(&wrn_load_options::accuracy, limit); }
    load_options &input_size(std::int32_t height, std::int32_t width) noexcept
    {
        return set(&wrn_load_options::height, height).set(&wrn_load_options::width, width);
    }
    load_options &algorithm(std::string name) { return algorithm_ = std::move(name), *this; }
    load_options &features(std::string names) { return features_ = std::move(names), *this; } /* comma-separated */
    load_options &preprocess(const wrn_preprocess &p) { return preprocess_ = p, *this; }
    load_options &log(std::int32_t level, decltype(detail::hooks::log) hook)
    {
        return hooks_.log = std::move(hook), set(&wrn_load_options::log_level, level);
    }
    /* Returning true ends the call with WRN_E_CANCELLED. */
    load_options &cancel(decltype(detail::hooks::cancel) hook) { return hooks_.cancel = std::move(hook), *this; }
    load_options &parallel_for(decltype(detail::hooks::parallel_for) hook) { return hooks_.parallel_for = std::move(hook), *this; }
    load_options &external_data(decltype(detail::hooks::external_data) hook) { return hooks_.external_data = std::move(hook), *this; }
    /* Both or neither; they are plain functions since they may be called from several threads. */
    load_options &allocator(void *user, void *(*alloc)(void *, std::size_t, std::size_t), void (*free)(void *, void *)) noexcept
    {
        return set(&wrn_load_options::alloc_user, user).set(&wrn_load_options::alloc, alloc).set(&wrn_load_options::free, free);
    }

    /* What the library is given: points into this object and to `h`. */
    wrn_load_options raw(detail::hooks &h) const noexcept
    {
        wrn_load_options o = raw_;
        o.struct_size = sizeof o;
        o.algorithm = algorithm_ ? algorithm_->c_str() : nullptr;
        o.features = features_ ? features_->c_str() : nullptr;
        o.preprocess = preprocess_ ? &*preprocess_ : nullptr;
        o.log_user = o.cancel_user = o.parallel_for_user = o.external_user = &h;
        if (h.log) o.log = [](void *user, std::int32_t level, const char *text) noexcept { of(user).log(level, text); };
        if (h.cancel) o.cancel = [](void *user) noexcept -> std::int32_t { return of(user).cancel(); };
        if (h.parallel_for)
            o.parallel_for = [](void *user, void (*task)(void *, std::size_t), void *arg, std::size_t count) noexcept {
                of(user).parallel_for([task, arg](std::size_t i) { task(arg, i); }, count);
            };
        if (h.external_data)
            o.external_data = [](void *user, const char *name, const void **data, std::size_t *size) noexcept -> std::int32_t {
                return !of(user).external_data(name, data, size);
            };
        return o;
    }
    const detail::hooks &hooks() const noexcept { return hooks_; }

private:
    template <class T> load_options &set(T wrn_load_options::*member, std::common_type_t<T> value) noexcept
    {
        return raw_.*member = value, *this;
    }
    static detail::hooks &of(void *user) noexcept { return *static_cast<detail::hooks *>(user); }
    wrn_load_options raw_ = {};
    std::optional<std::string> algorithm_, features_;
    std::optional<wrn_preprocess> preprocess_;
    detail::hooks hooks_;
};

/* wrn_convert_options: raw, with owners for what it points to. */
class convert_options {
public:
    convert_options &format(std::int32_t f) noexcept { return raw_.format = f, *this; }
    convert_options &weights(std::int32_t dtype) noexcept { return raw_.weights = dtype, *this; }
    convert_options &input_size(std::int32_t height, std::int32_t width) noexcept
    {
        return raw_.height = height, raw_.width = width, *this;
    }
    convert_options &pack(std::string parts) { return pack_ = std::move(parts), *this; }
    convert_options &labels(std::vector<std::string> names) { return labels_ = std::move(names), *this; }
    convert_options &preprocess(const wrn_preprocess &p) { return preprocess_ = p, *this; }
    convert_options &property(std::string key, std::string value) /* "" removes it */
    {
        keys_.push_back(std::move(key));
        values_.push_back(std::move(value));
        return *this;
    }

    result<void> run(const char *input, const char *output) const
    {
        std::vector<const char *> labels = pointers(labels_), keys = pointers(keys_), values = pointers(values_);
        wrn_convert_options o = raw_;
        o.struct_size = sizeof o;
        o.pack = pack_ ? pack_->c_str() : nullptr;
        o.preprocess = preprocess_ ? &*preprocess_ : nullptr;
        o.label_count = static_cast<std::int32_t>(labels.size());
        o.labels = labels.empty() ? nullptr : labels.data();
        o.property_count = static_cast<std::int32_t>(keys.size());
        o.property_keys = keys.data();
        o.property_values = values.data();
        wrn_error e = {};
        if (wrn_convert(input, output, &o, &e) != WRN_OK) return error(e);
        return {};
    }

private:
    static std::vector<const char *> pointers(const std::vector<std::string> &texts)
    {
        std::vector<const char *> p;
        for (const std::string &text : texts) p.push_back(text.c_str());
        return p;
    }
    wrn_convert_options raw_ = {};
    std::vector<std::string> labels_, keys_, values_;
    std::optional<std::string> pack_;
    std::optional<wrn_preprocess> preprocess_;
};

/* ------------------------------------------------------------------------------------------------
 * 3. Models and sessions
 */

class model {
public:
    model() noexcept = default;
    explicit model(wrn_model *owned) noexcept : model_(owned) {} /* takes over one count */
    model(const model &other) noexcept : model_(other.model_ ? wrn_retain(other.model_) : nullptr), hooks_(other.hooks_) {}
    model(model &&other) noexcept : model_(std::exchange(other.model_, nullptr)), hooks_(std::move(other.hooks_)) {}
    model &operator=(model other) noexcept
    {
        std::swap(model_, other.model_);
        std::swap(hooks_, other.hooks_);
        return *this;
    }
    ~model() { wrn_free(model_); }
    explicit operator bool() const noexcept { return model_ != nullptr; }
    wrn_model *get() const noexcept { return model_; }

    /* Of an empty model: zeros, NULL. */
    wrn_model_info info() const noexcept { return read<wrn_model_info>(wrn_model_get_info).first; }
    const char *label(std::int32_t i) const noexcept { return model_ ? wrn_model_label(model_, i) : nullptr; }
    const char *property(const char *key) const noexcept { return model_ ? wrn_model_property(model_, key) : nullptr; }
    const char *property_key(std::int32_t i) const noexcept { return model_ ? wrn_model_property_key(model_, i) : nullptr; }

    result<wrn_preprocess> try_preprocess() const noexcept { return given(read<wrn_preprocess>(wrn_model_get_preprocess)); }
    result<wrn_feature_info> try_feature(std::int32_t i) const noexcept { return given(read<wrn_feature_info>(wrn_model_feature, i)); }
    result<wrn_step_info> try_step(std::int32_t i) const noexcept { return given(read<wrn_step_info>(wrn_model_step, i)); }

    result<void> try_infer(std::int32_t batch, span<const float> input, span<float> output) const noexcept
    {
        return checked(wrn_infer, model_, batch, input.data(), input.size(), output.data(), output.size());
    }
    result<std::vector<float>> try_infer(std::int32_t batch, span<const float> input) const
    {
        return filled<float>(batch > 0 ? static_cast<std::size_t>(batch) * info().output_size : 0,
                             [&](std::vector<float> &out) { return try_infer(batch, input, out); });
    }
    result<std::vector<wrn_prediction>> try_classify(const image &i, std::int32_t k) const
    {
        std::uint64_t classes = info().output_size, most = k > 0 ? static_cast<std::uint64_t>(k) : 0; /* larger k are refused */
        return filled<wrn_prediction>(static_cast<std::size_t>(most < classes ? most : classes), [&](std::vector<wrn_prediction> &top) {
            return checked(wrn_classify, model_, i.pixels, i.width, i.height, i.stride, i.format, k, top.data());
        });
    }
    result<void> try_preprocess_image(const image &i, span<float> input) const noexcept
    {
        return checked(wrn_preprocess_image, model_, i.pixels, i.width, i.height, i.stride, i.format, input.data(), input.size());
    }
    result<std::vector<float>> try_preprocess_image(const image &i) const
    {
        return filled<float>(info().input_size, [&](std::vector<float> &input) { return try_preprocess_image(i, input); });
    }
    result<std::vector<float>> try_probabilities(span<const float> output) const
    {
        return filled<float>(output.size(), [&](std::vector<float> &p) {
            return checked(wrn_probabilities, model_, output.data(), output.size(), p.data());
        });
    }
#ifndef WRN_NO_EXCEPTIONS
    wrn_preprocess preprocess() const { return try_preprocess().value(); }
    wrn_feature_info feature(std::int32_t i) const { return try_feature(i).value(); }
    wrn_step_info step(std::int32_t i) const { return try_step(i).value(); }
    void infer(std::int32_t batch, span<const float> input, span<float> output) const { try_infer(batch, input, output).value(); }
    std::vector<float> infer(std::int32_t batch, span<const float> input) const { return try_infer(batch, input).value(); }
    std::vector<wrn_prediction> classify(const image &i, std::int32_t k) const { return try_classify(i, k).value(); }
    void preprocess_image(const image &i, span<float> input) const { try_preprocess_image(i, input).value(); }
    std::vector<float> preprocess_image(const image &i) const { return try_preprocess_image(i).value(); }
    std::vector<float> probabilities(span<const float> output) const { return try_probabilities(output).value(); }
#endif

private:
    friend class session;
    template <class Load> friend result<model> load_with(const load_options &options, Load load);

    template <class T, class F, class... A> std::pair<T, error> read(F f, A... a) const noexcept
    {
        wrn_error e = {};
        T value = {};
        value.struct_size = sizeof value;
        f(model_, a..., &value, &e);
        return { value, error(e) };
    }
    template <class T> static result<T> given(const std::pair<T, error> &read) noexcept
    {
        if (read.second.status() != WRN_OK) return read.second;
        return read.first;
    }
    template <class F, class... A> static result<void> checked(F f, A... a) noexcept
    {
        wrn_error e = {};
        if (f(a..., &e) != WRN_OK) return error(e);
        return {};
    }
    template <class T, class F> static result<std::vector<T>> filled(std::uint64_t size, F fill)
    {
        std::vector<T> values(static_cast<std::size_t>(size));
        result<void> done = fill(values);
        if (!done) return done.error();
        return values;
    }

    wrn_model *model_ = nullptr;
    std::shared_ptr<detail::hooks> hooks_;
};

template <class Load> result<model> load_with(const load_options &options, Load load)
{
    model m;
    wrn_error e = {};
    m.hooks_ = std::make_shared<detail::hooks>(options.hooks());
    wrn_load_options raw = options.raw(*m.hooks_);
    if (load(&raw, &m.model_, &e) != WRN_OK) return error(e);
    return m;
}

inline result<model> try_load(const char *path, const load_options &options = {})
{
    return load_with(options, [path](auto... a) { return wrn_load(path, a...); });
}
inline result<model> try_load(const std::string &path, const load_options &options = {}) { return try_load(path.c_str(), options); }
inline result<model> try_load_memory(const void *data, std::size_t size, const load_options &options = {})
{
    return load_with(options, [=](auto... a) { return wrn_load_memory(data, size, a...); });
}
inline result<wrn_preprocess> try_preprocess_preset(const char *name, std::int32_t height, std::int32_t width) noexcept
{
    wrn_preprocess p = {};
    wrn_error e = {};
    p.struct_size = sizeof p;
    if (wrn_preprocess_preset(name, height, width, &p, &e) != WRN_OK) return error(e);
    return p;
}
inline result<void> try_convert(const std::string &input, const std::string &output, const convert_options &options = {})
{
    return options.run(input.c_str(), output.c_str());
}

class session {
public:
    session() noexcept = default;
    static result<session> try_create(const model &m)
    {
        session s;
        wrn_error e = {};
        s.hooks_ = m.hooks_;
        if (wrn_session_create(m.get(), &s.session_, &e) != WRN_OK) return error(e);
        return s;
    }
    session(session &&other) noexcept : session_(std::exchange(other.session_, nullptr)), hooks_(std::move(other.hooks_)) {}
    session &operator=(session &&other) noexcept
    {
        std::swap(session_, other.session_);
        std::swap(hooks_, other.hooks_);
        return *this;
    }
    ~session() { wrn_session_free(session_); }
    explicit operator bool() const noexcept { return session_ != nullptr; }
    wrn_session *get() const noexcept { return session_; }

    result<void> try_infer(std::int32_t batch, span<const float> input, span<float> output) noexcept
    {
        return model::checked(wrn_session_infer, session_, batch, input.data(), input.size(), output.data(), output.size());
    }
    /* outputs[i] receives the feature names[i], or "output". */
    result<void> try_infer_named(std::int32_t batch, span<const float> input, span<const char *const> names, span<const span<float>> outputs)
    {
        std::vector<float *> data;
        std::vector<std::size_t> counts;
        for (const span<float> &o : outputs) data.push_back(o.data()), counts.push_back(o.size());
        std::size_t n = names.size() < outputs.size() ? names.size() : outputs.size();
        return model::checked(wrn_session_infer_named, session_, batch, input.data(), input.size(), static_cast<std::int32_t>(n),
                              names.data(), data.data(), counts.data());
    }
    result<void> try_profile(bool enable) noexcept { return model::checked(wrn_session_profile, session_, std::int32_t{ enable }); }
    double step_seconds(std::int32_t step) const noexcept { return session_ ? wrn_session_step_seconds(session_, step) : 0; }
#ifndef WRN_NO_EXCEPTIONS
    explicit session(const model &m) : session(try_create(m).value()) {}
    void infer(std::int32_t batch, span<const float> input, span<float> output) { try_infer(batch, input, output).value(); }
    void infer_named(std::int32_t batch, span<const float> input, span<const char *const> names, span<const span<float>> outputs)
    {
        try_infer_named(batch, input, names, outputs).value();
    }
    void profile(bool enable) { try_profile(enable).value(); }
#endif

private:
    wrn_session *session_ = nullptr;
    std::shared_ptr<detail::hooks> hooks_; /* outlives the session's share in the model */
};

#ifndef WRN_NO_EXCEPTIONS
inline model load(const std::string &path, const load_options &options = {}) { return try_load(path, options).value(); }
inline model load_memory(const void *data, std::size_t size, const load_options &options = {})
{
    return try_load_memory(data, size, options).value();
}
inline wrn_preprocess preprocess_preset(const char *name, std::int32_t height, std::int32_t width)
{
    return try_preprocess_preset(name, height, width).value();
}
inline void convert(const std::string &input, const std::string &output, const convert_options &options = {})
{
    try_convert(input, output, options).value();
}
#endif

} // namespace wrn
#endif
