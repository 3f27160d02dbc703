/* SPDX-License-Identifier: MIT
 *
 * What the generated classes of api.hpp stand on: handles that may be misused, views of arrays, and the passing of
 * texts, callbacks and errors.
 *
 * A handle counts the calls that are on their way, so that closing it while another thread uses it frees it
 * afterwards, and a second thread where only one may be gets BusyError.
 */
#ifndef LIBLLM_CORE_HPP
#define LIBLLM_CORE_HPP

#include <libllm/libllm.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace libllm
{

/// What the library says is wrong. Each error status has a class of its own; one that a later library has is an Error.
class Error : public std::runtime_error
{
  public:
    Error(std::int32_t status, std::string name, const std::string &message)
        : std::runtime_error(message), status_(status), name_(std::move(name))
    {
    }
    /// The libllm_status; 0 for a ClosedError.
    std::int32_t status() const noexcept { return status_; }
    /// Its name, such as "CONTEXT_FULL".
    const std::string &name() const noexcept { return name_; }

  private:
    std::int32_t status_;
    std::string name_;
};

/// The object was closed, or moved from.
class ClosedError : public Error
{
  public:
    explicit ClosedError(const std::string &message) : Error(0, "CLOSED", message) {}
};

/// Elements that lie one behind another, owned by somebody else. Anything with data() and size() becomes one.
template <class T> class Span
{
  public:
    using value_type = std::remove_cv_t<T>;
    using iterator = T *;

    constexpr Span() noexcept = default;
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    /// A list lives to the end of the call that it is written in.
    constexpr Span(std::initializer_list<value_type> list) noexcept : size_(list.size()) { data_ = list.begin(); }
    template <class Range,
              class = std::enable_if_t<std::is_convertible_v<decltype(std::declval<Range &>().data()), T *>>>
    constexpr Span(Range &&range) noexcept : data_(range.data()), size_(range.size())
    {
    }

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }

  private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

namespace detail
{

enum class Mode { shared, exclusive, any };

/// Throws the class of a status. Defined where these are, in api.hpp.
[[noreturn]] void fail(std::int32_t status, const std::string &message);

/// One object of the library, and who uses it.
class State
{
  public:
    using Kept = std::vector<std::shared_ptr<const void>>;

    State(const char *name, void *pointer, std::function<void(void *)> destroy, Kept kept)
        : kept_(std::move(kept)), name_(name), destroy_(std::move(destroy)), pointer_(pointer)
    {
    }
    State(const State &) = delete;
    State &operator=(const State &) = delete;
    ~State() { release(); }

    void *begin(Mode mode)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        if (closed_)
            throw ClosedError(std::string("the ") + name_ + " is closed");
        if ((mode != Mode::any && writer_) || (mode == Mode::exclusive && n_readers_ > 0))
            fail(LIBLLM_ERROR_BUSY, std::string("the ") + name_ + " is in use by another call");
        writer_ = writer_ || mode == Mode::exclusive;
        n_readers_ += mode == Mode::shared;
        n_pins_++;
        return pointer_;
    }

    void end(Mode mode) noexcept
    {
        std::lock_guard<std::mutex> lock(mutex_);
        writer_ = writer_ && mode != Mode::exclusive;
        n_readers_ -= mode == Mode::shared;
        if (--n_pins_ == 0 && closed_)
            release();
    }

    void close() noexcept
    {
        std::lock_guard<std::mutex> lock(mutex_);
        closed_ = true;
        if (n_pins_ == 0)
            release();
    }

    bool closed() const noexcept
    {
        std::lock_guard<std::mutex> lock(mutex_);
        return closed_;
    }

  private:
    void release() noexcept
    {
        if (pointer_)
            destroy_(std::exchange(pointer_, nullptr));
    }

    Kept kept_; // what the library still refers to: callbacks, also those of the objects that this one was made from
    const char *name_;
    std::function<void(void *)> destroy_;
    mutable std::mutex mutex_;
    void *pointer_;
    std::size_t n_pins_ = 0; // calls on their way, and views of the object's memory
    std::size_t n_readers_ = 0;
    bool writer_ = false;
    bool closed_ = false;
};

/// What all handles have in common.
class Handle
{
  public:
    Handle(Handle &&) noexcept = default;
    Handle &operator=(Handle &&other) noexcept
    {
        if (this != &other) {
            close();
            state_ = std::move(other.state_);
        }
        return *this;
    }
    ~Handle() { close(); }

    /// Give the object up; again is fine. A call that is on its way in another thread is not disturbed.
    void close() noexcept
    {
        if (state_)
            state_->close();
    }
    /// Whether it was closed, or moved from.
    bool closed() const noexcept { return !state_ || state_->closed(); }

  protected:
    template <class T>
    Handle(const char *name, T *pointer, void (*destroy)(T *), State::Kept kept)
        : state_(std::make_shared<State>(
              name, pointer, [destroy](void *found) { destroy(static_cast<T *>(found)); }, std::move(kept)))
    {
    }

  private:
    friend class Call;
    std::shared_ptr<State> state_;
};

/// One call of a C function: the handles in use meanwhile, what must stay alive, its error, what callbacks threw.
class Call
{
  public:
    Call() noexcept : outer_(std::exchange(current(), this)) {}
    Call(const Call &) = delete;
    Call &operator=(const Call &) = delete;
    ~Call()
    {
        current() = outer_;
        for (const auto &use : uses_)
            use.first->end(use.second);
    }

    libllm_error *error() noexcept { return &error_; }

    template <class T> T *use(const Handle &handle, Mode mode)
    {
        if (!handle.state_)
            throw ClosedError("the object was moved from");
        uses_.reserve(uses_.size() + 1);
        void *pointer = handle.state_->begin(mode);
        uses_.emplace_back(handle.state_, mode);
        return static_cast<T *>(pointer);
    }

    template <class T> T *use(const Handle *handle, Mode mode) { return handle ? use<T>(*handle, mode) : nullptr; }

    /// Throws what an error status means. Whether there is a further item, for functions that iterate.
    bool check(libllm_status status)
    {
        check_callbacks();
        if (status < 0)
            fail(status, error_.message);
        return status == LIBLLM_OK;
    }

    void check_callbacks()
    {
        if (thrown_)
            std::rethrow_exception(std::exchange(thrown_, nullptr));
    }

    /// A copy that lives as long as the object that the call makes.
    template <class T> const T &keep(const T &item)
    {
        auto kept = std::make_shared<const T>(item);
        kept_.push_back(kept);
        return *kept;
    }

    /// What an object that comes out of the call keeps alive.
    State::Kept kept() const
    {
        State::Kept found = kept_;
        for (const auto &use : uses_)
            found.push_back(use.first);
        return found;
    }

    /// Keeps the memory of a handle until the result is gone.
    std::shared_ptr<const void> pin(const Handle &handle)
    {
        auto state = handle.state_;
        state->begin(Mode::any);
        return std::shared_ptr<const void>(state.get(), [state](const void *) { state->end(Mode::any); });
    }

    // What goes in.

    const char *c_text(const std::string &text)
    {
        if (text.find('\0') != text.npos)
            fail(LIBLLM_ERROR_INVALID_ARGUMENT, "the text has a NUL inside");
        return text.c_str();
    }

    const char *c_text(const std::optional<std::string> &text) { return text ? c_text(*text) : nullptr; }

    const char *const *c_texts(Span<const std::string> texts)
    {
        auto &pointers = store(std::vector<const char *>());
        for (const auto &text : texts)
            pointers.push_back(c_text(text));
        return pointers.data();
    }

    template <class C, class T> C *structs(Span<T> items)
    {
        auto &found = store(std::vector<C>(items.size()));
        for (std::size_t i = 0; i < items.size(); i++)
            fill(*this, items[i], found[i]);
        return found.data();
    }

    template <class C, class T> const C *options(const T &item, void (*init)(C *, std::uint32_t))
    {
        C &found = store(C());
        init(&found, sizeof found);
        fill(*this, item, found);
        return &found;
    }

    template <class C, class T> const C *options(const std::optional<T> &item, void (*init)(C *, std::uint32_t))
    {
        return item ? options(*item, init) : nullptr;
    }

    // What comes out. The function is called with more room when it asks for it.

    template <class Out, class Function> Out sized(std::size_t capacity, Function function)
    {
        Out found;
        std::size_t needed = 0;
        for (;;) {
            found.resize(capacity);
            libllm_status status = function(found.data(), capacity, &needed);
            if (status != LIBLLM_ERROR_BUFFER_TOO_SMALL || needed <= capacity) {
                check(status);
                found.resize(needed);
                return found;
            }
            capacity = needed;
        }
    }

    /// Runs what a program gave as a callback: what it throws is kept until the call on this thread is over. Nobody can
    /// be told what is thrown on a thread of the library, as by a log function: it is dropped.
    template <class Result, class Function> static Result guarded(Result fallback, Function function) noexcept
    {
        try {
            return function();
        } catch (...) {
            if (current() && !current()->thrown_)
                current()->thrown_ = std::current_exception();
            return fallback;
        }
    }

  private:
    static Call *&current() noexcept
    {
        static thread_local Call *call = nullptr;
        return call;
    }

    template <class T> T &store(T item)
    {
        auto stored = std::make_shared<T>(std::move(item));
        stored_.push_back(stored);
        return *stored;
    }

    Call *outer_;
    libllm_error error_ = {};
    std::exception_ptr thrown_;
    std::vector<std::pair<std::shared_ptr<State>, Mode>> uses_;
    State::Kept kept_, stored_;
};

inline std::optional<std::string> read_c_text(const char *text)
{
    return text ? std::optional<std::string>(text) : std::nullopt;
}

} // namespace detail

/// Numbers in the memory of an object, which is not freed while the view is around.
template <class T> class View : public Span<const T>
{
  public:
    View(Span<const T> span, std::shared_ptr<const void> pin) : Span<const T>(span), pin_(std::move(pin)) {}

  private:
    std::shared_ptr<const void> pin_;
};

} // namespace libllm

#endif
