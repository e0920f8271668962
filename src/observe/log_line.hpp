// What a log line is made of, and how it is rendered. Pure; any thread.
//
// JSON: one object a line. Text: time of day (UTC), level, event, message, then key=value. Durations are
// milliseconds with microseconds behind the point, sizes are bytes. Empty values are left out.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace weir::observe {

enum class LogFormat { json, text, colour };
enum class Level : std::uint8_t { debug, info, warn, error };

std::string_view name_of(Level level) noexcept;

// The keys that may follow ts, level, event and msg.
enum class Key : std::uint8_t {
  request_id,
  trace_id,
  span_id,
  session,
  client,
  era,
  principal,
  server,
  tool,
  method,
  outcome,
  cache,
  degraded,
  attempt,
  duration_ms,
  upstream_ms,
  bytes_in,
  bytes_out,
  error_type,
  error_code,
  config_rev,
  shown,  // what a peer showed and was refused for; never a credential
};
inline constexpr std::size_t kKeyCount = static_cast<std::size_t>(Key::shown) + 1;
std::string_view name_of(Key key) noexcept;

struct Field {
  enum class Kind : std::uint8_t { text, number, duration };
  Key key;
  Kind kind;
  std::string_view text;
  std::int64_t number = 0;  // a duration in microseconds

  Field(Key k, std::string_view value) : key(k), kind(Kind::text), text(value) {}
  Field(Key k, std::int64_t value) : key(k), kind(Kind::number), number(value) {}
  Field(Key k, int value) : Field(k, std::int64_t{value}) {}
  Field(Key k, base::Duration value)
      : key(k),
        kind(Kind::duration),
        number(std::chrono::duration_cast<std::chrono::microseconds>(value).count()) {}
};

// One call, as its access line tells it (event `call`).
struct AccessLine {
  base::WallTime at;
  std::string_view request_id;
  std::string_view session;  // session_tag(), never the id
  std::string_view client;
  std::string_view era;
  std::string_view principal;
  std::string_view server;
  std::string_view tool;
  std::string_view method;
  std::string_view outcome;
  std::string_view cache;     // what the cache did; "" for calls that are not cached
  std::string_view degraded;  // what stands in for the server's answer; "" when it is that
  base::Duration duration{};
  base::Duration upstream{};
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::string_view error_type;
  int error_code = 0;  // 0: none
  std::string_view trace_id;
};

// Eight characters that stand for a session id in logs and cannot be turned back.
std::array<char, 8> session_tag(std::string_view session_id) noexcept;

inline constexpr std::size_t kLineBytesMax = 8192;
inline constexpr std::size_t kMsgBytesMax = 3040;  // escaped; a longer one is cut and ends in an ellipsis
inline constexpr std::size_t kTextBytesMax = 192;  // likewise, every other text

// A line in the making, on the stack. The limits above make every line fit; what would not is left out.
class LineBuffer {
 public:
  // A constant of 16 bytes at most: it is copied as 16, without a call.
  class Short {
   public:
    consteval Short(char const* text) {
      while (text[size_] != '\0') {
        bytes_[size_] = text[size_];
        ++size_;
      }
    }
    constexpr std::string_view text() const noexcept { return {bytes_.data(), size_}; }

   private:
    friend class LineBuffer;
    std::array<char, 16> bytes_{};
    std::size_t size_ = 0;
  };

  void put_short(Short const& constant) noexcept {
    if (bytes_.size() - size_ < constant.bytes_.size()) return put(constant.text());
    std::memcpy(bytes_.data() + size_, constant.bytes_.data(), constant.bytes_.size());
    size_ += constant.size_;
  }
  void put(std::string_view bytes) noexcept {
    std::size_t const n = std::min(bytes.size(), bytes_.size() - size_);
    std::memcpy(bytes_.data() + size_, bytes.data(), n);
    size_ += n;
  }
  void put(char c) noexcept {
    if (size_ < bytes_.size()) bytes_[size_++] = c;
  }
  void put_number(std::int64_t number) noexcept;
  void put_micros_as_ms(std::int64_t micros) noexcept;
  // Control and direction characters and invalid UTF-8 become escapes; quotes and backslashes too when
  // `quoted`.
  void put_escaped(std::string_view text, std::size_t bytes_max, bool quoted) noexcept;
  void put_date(base::WallTime at) noexcept;  // 2026-07-28T
  void put_time(base::WallTime at) noexcept;  // 12:34:56.789
  void pad_to(std::size_t size) noexcept;
  std::size_t size() const noexcept { return size_; }
  std::string_view view() const noexcept { return {bytes_.data(), size_}; }

 private:
  std::array<char, kLineBytesMax> bytes_;
  std::size_t size_ = 0;
};

using Mask = std::function<void(std::string&)>;  // replaces secrets in place; empty masks nothing

// Both append one whole line. Masked are the texts that people, peers or servers chose.
void render_event(LineBuffer& out, LogFormat format, Mask const& mask, base::WallTime at, Level level,
                  std::string_view event, std::string_view msg, std::span<Field const> fields);
void render_access(LineBuffer& out, LogFormat format, Mask const& mask, AccessLine const& line);

}  // namespace weir::observe
