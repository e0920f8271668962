// The text of HTTP/1.1 heads that Weir sends: lines and fields appended to a string, which can never hold a
// CR, LF, NUL or other control byte that came from a value (T-51).
//
// Pure; the caller owns the string and reuses it. Whatever carries foreign text returns false and appends
// nothing when that text does not fit the grammar; ignoring the answer drops the field, never splits the
// head.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace weir::net {

std::string_view reason_phrase(int status) noexcept;  // "" for a status Weir does not know

void append_status_line(std::string& out, int status);  // "HTTP/1.1 200 OK\r\n"; status 100..599
// "POST /mcp HTTP/1.1\r\n". The target is origin-form: begins with '/', visible ASCII, no '#'.
[[nodiscard]] bool append_request_line(std::string& out, std::string_view method, std::string_view target);
[[nodiscard]] bool append_field(std::string& out, std::string_view name, std::string_view value);
void append_field(std::string& out, std::string_view known_name,
                  std::uint64_t number);  // name must be a token
void append_content_length(std::string& out, std::uint64_t bytes);
void append_head_end(std::string& out);                                  // the empty line
void append_last_field(std::string& out, std::uint64_t content_length);  // both of these in one

// "Date: …\r\n" (RFC 9110 5.6.7), rendered once a second. One per thread.
class DateField {
 public:
  // The view holds until the next call.
  std::string_view line(base::WallTime now);

 private:
  void render(std::chrono::sys_seconds second);

  std::int64_t second_ = -1;
  std::array<char, 37> text_{};
};

}  // namespace weir::net
