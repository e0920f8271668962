// Result<T>: a value, or an Error that says what failed, who is to blame and whether trying again is safe.
//
// Failures that the world causes travel as values. Nothing here is thrown. `detail` is for logs and may hold
// anything but secrets; what a client may read is built from `fault`, `server` and `hint` by edge/error_map.
#pragma once

#include <boost/assert/source_location.hpp>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/clock.hpp"

namespace weir::base {

enum class Fault {
  invalid_input,    // what was given is malformed: a message, a value, a file
  too_large,        // over a stated limit
  not_found,        // no such tool, session, file
  denied,           // known caller, not allowed
  unauthenticated,  // no or wrong credential
  busy,             // a bound is reached; later may work
  limited,          // this caller, or all together, asked for more than was agreed
  starting,         // the server is not ready yet
  unavailable,      // the server is down or could not be reached
  breaker_open,     // the server failed too often; it is left alone for a while
  throttled,        // the server says that it has too much to do
  connect_failed,   // nothing was sent
  connection_lost,  // sent or partly sent, then the peer went away
  protocol,         // the peer broke its protocol
  refused,          // the server would not take the request as it is
  timed_out,        // the deadline passed
  unsupported,      // understood, not offered here
  config,           // the operator's settings make it impossible
  cancelled,        // the client asked for it: it wants no answer
  internal,         // our own limit or failure
};

enum class Blame { client, gateway, upstream };
enum class Retry {
  never,
  if_idempotent,
  // As above, and most likely not executed: a connection that had served before ended without a byte of an
  // answer. Its peer was about to close it, or died with all of its connections (RFC 9112 §9.3.1).
  stale_connection,
  always  // the peer provably did not execute it
};

struct Error {
  Fault fault = Fault::internal;
  Blame blame = Blame::gateway;
  Retry retry = Retry::never;
  std::string detail;      // for logs, never for clients
  std::string server;      // configured name of the upstream concerned; empty when none is
  std::string hint;        // one sentence for people and agents: what to do about it
  Duration retry_after{};  // when trying again may help; 0: nobody knows
  // denied: what the caller's token would have to be good for, all of it; empty: that is not known, or not
  // why
  std::vector<std::string> scopes;

  Error() = default;
  Error(Fault f, Blame b, std::string d, Retry r = Retry::never)
      : fault(f), blame(b), retry(r), detail(std::move(d)) {}
  Error about(std::string name) && {
    server = std::move(name);
    return std::move(*this);
  }
  Error advise(std::string text) && {
    hint = std::move(text);
    return std::move(*this);
  }
  Error for_want_of(std::vector<std::string> needed) && {
    scopes = std::move(needed);
    return std::move(*this);
  }
  Error again_in(Duration wait) && {
    retry_after = wait;
    return std::move(*this);
  }
};

char const* name_of(Fault fault) noexcept;  // stable, snake_case: used in logs, metrics and error data

// Called by Result::value() on an error; asking for a value that is not there is our bug.
[[noreturn]] void no_value(Error const& error, boost::source_location const& where);

namespace detail {

// An Error on the heap, or none. Moved from, it says so instead of saying that there is none.
class ErrorBox {
 public:
  ErrorBox() noexcept = default;
  explicit ErrorBox(Error&& error) : error_(new Error(std::move(error))) {}
  explicit ErrorBox(Error const& error) : error_(new Error(error)) {}
  ErrorBox(ErrorBox const& other) : error_(other.error_ == nullptr ? nullptr : new Error(other.get())) {}
  ErrorBox(ErrorBox&& other) noexcept : error_(other.error_) {
    if (error_ != nullptr) other.error_ = gone();
  }
  ErrorBox& operator=(ErrorBox other) noexcept {
    std::swap(error_, other.error_);
    return *this;
  }
  ~ErrorBox() {
    if (error_ != nullptr && error_ != gone()) [[unlikely]]
      delete error_;
  }
  bool is_set() const noexcept { return error_ != nullptr; }
  Error& get() const noexcept {
    WEIR_ASSERT(error_ != nullptr && error_ != gone());
    return *error_;
  }

 private:
  static Error* gone() noexcept { return reinterpret_cast<Error*>(&kGone); }
  alignas(Error) static char kGone;  // an address that no Error has

  Error* error_ = nullptr;
};

}  // namespace detail

// The size of a value and a pointer: results wait in the frames of every call and of every open stream, and
// next to none of them is an error. Pointer-like access to a value that is not there is our bug, asserted.
template <class T>
class Result {
  template <class U>
  static constexpr bool kIsValue =
      !std::is_same_v<std::remove_cvref_t<U>, Result> && !std::is_base_of_v<Error, std::remove_cvref_t<U>> &&
      std::is_constructible_v<T, U>;

 public:
  using value_type = T;

  Result() noexcept(std::is_nothrow_default_constructible_v<T>) requires std::is_default_constructible_v<T> {
    std::construct_at(std::addressof(value_));
  }
  template <class U = T>
  requires kIsValue<U>
  explicit(!std::is_convertible_v<U, T>) Result(U&& value) noexcept(std::is_nothrow_constructible_v<T, U>) {
    std::construct_at(std::addressof(value_), std::forward<U>(value));
  }
  Result(Error&& error) : error_(std::move(error)) {}
  Result(Error const& error) : error_(error) {}
  Result(Result const& other) requires std::is_copy_constructible_v<T> : error_(other.error_) {
    if (!error_.is_set()) std::construct_at(std::addressof(value_), other.value_);
  }
  Result(Result&& other) noexcept(std::is_nothrow_move_constructible_v<T>) : error_(std::move(other.error_)) {
    if (!error_.is_set()) std::construct_at(std::addressof(value_), std::move(other.value_));
  }
  Result& operator=(Result const& other) requires std::is_copy_constructible_v<T> {
    return *this = Result(other);
  }
  Result& operator=(Result&& other) noexcept(std::is_nothrow_move_constructible_v<T>) {
    if (this != std::addressof(other)) {
      std::destroy_at(this);
      std::construct_at(this, std::move(other));
    }
    return *this;
  }
  ~Result() {
    if (!error_.is_set()) std::destroy_at(std::addressof(value_));
  }

  bool has_value() const noexcept { return !error_.is_set(); }
  bool has_error() const noexcept { return error_.is_set(); }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & noexcept { return there(); }
  T const& operator*() const& noexcept { return there(); }
  T&& operator*() && noexcept { return std::move(there()); }
  T* operator->() noexcept { return std::addressof(there()); }
  T const* operator->() const noexcept { return std::addressof(there()); }

  T& value(boost::source_location const& where = BOOST_CURRENT_LOCATION) & {
    if (has_error()) no_value(error_.get(), where);
    return value_;
  }
  T const& value(boost::source_location const& where = BOOST_CURRENT_LOCATION) const& {
    if (has_error()) no_value(error_.get(), where);
    return value_;
  }
  T&& value(boost::source_location const& where = BOOST_CURRENT_LOCATION) && {
    if (has_error()) no_value(error_.get(), where);
    return std::move(value_);
  }

  Error const& error() const& noexcept { return error_.get(); }
  Error& error() & noexcept { return error_.get(); }
  Error error() && noexcept { return std::move(error_.get()); }  // no reference into what goes

 private:
  T& there() noexcept {
    WEIR_ASSERT(has_value());
    return value_;
  }
  T const& there() const noexcept {
    WEIR_ASSERT(has_value());
    return value_;
  }

  detail::ErrorBox error_;
  union {
    T value_;
  };
};

template <>
class Result<void> {
 public:
  using value_type = void;

  Result() noexcept = default;
  Result(Error&& error) : error_(std::move(error)) {}
  Result(Error const& error) : error_(error) {}

  bool has_value() const noexcept { return !error_.is_set(); }
  bool has_error() const noexcept { return error_.is_set(); }
  explicit operator bool() const noexcept { return has_value(); }
  void value(boost::source_location const& where = BOOST_CURRENT_LOCATION) const {
    if (has_error()) no_value(error_.get(), where);
  }
  Error const& error() const& noexcept { return error_.get(); }
  Error& error() & noexcept { return error_.get(); }
  Error error() && noexcept { return std::move(error_.get()); }

 private:
  detail::ErrorBox error_;
};

}  // namespace weir::base
