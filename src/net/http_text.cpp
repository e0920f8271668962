#include "net/http_text.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/append.hpp"
#include "base/assert.hpp"
#include "net/http_fields.hpp"

namespace weir::net {
namespace {

class Decimal {
 public:
  explicit Decimal(std::uint64_t number) noexcept
      : end_(std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr) {}
  std::string_view text() const noexcept {
    return {digits_.data(), static_cast<std::size_t>(end_ - digits_.data())};
  }

 private:
  std::array<char, 20> digits_;
  char const* end_;
};

}  // namespace

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "";
  }
}

void append_status_line(std::string& out, int status) {
  WEIR_ASSERT(status >= 100 && status <= 599);
  if (status == 200) return base::append(out, "HTTP/1.1 200 OK\r\n");
  std::array<char, 3> const digits{static_cast<char>('0' + status / 100),
                                   static_cast<char>('0' + status / 10 % 10),
                                   static_cast<char>('0' + status % 10)};
  base::append(out, "HTTP/1.1 ", std::string_view(digits.data(), digits.size()), ' ', reason_phrase(status),
               "\r\n");
}

bool append_request_line(std::string& out, std::string_view method, std::string_view target) {
  if (!is_token(method) || !is_origin_target(target)) return false;
  base::append(out, method, ' ', target, " HTTP/1.1\r\n");
  return true;
}

bool append_field(std::string& out, std::string_view name, std::string_view value) {
  if (!is_token(name) || !is_field_value(value)) return false;
  base::append(out, name, ": ", value, "\r\n");
  return true;
}

void append_field(std::string& out, std::string_view known_name, std::uint64_t number) {
  WEIR_ASSERT(is_token(known_name));
  base::append(out, known_name, ": ", Decimal(number).text(), "\r\n");
}

void append_content_length(std::string& out, std::uint64_t bytes) {
  base::append(out, "Content-Length: ", Decimal(bytes).text(), "\r\n");
}

void append_last_field(std::string& out, std::uint64_t content_length) {
  base::append(out, "Content-Length: ", Decimal(content_length).text(), "\r\n\r\n");
}

void append_head_end(std::string& out) { base::append(out, "\r\n"); }

std::string_view DateField::line(base::WallTime now) {
  auto const since_epoch = std::chrono::floor<std::chrono::seconds>(now);
  if (std::int64_t const second = since_epoch.time_since_epoch().count(); second != second_) {
    second_ = second;
    render(since_epoch);
  }
  return {text_.data(), text_.size()};
}

void DateField::render(std::chrono::sys_seconds second) {
  constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  auto const day = std::chrono::floor<std::chrono::days>(second);
  std::chrono::year_month_day const date{day};
  std::chrono::hh_mm_ss const time{second - day};
  char* at = text_.data();
  auto const text = [&at](std::string_view piece) { at = std::copy(piece.begin(), piece.end(), at); };
  auto const number = [&at](std::int64_t value, int digits) {
    for (int i = digits - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
    at += digits;
  };
  text("Date: ");
  text(kDays.substr(std::chrono::weekday{day}.c_encoding() * 3, 3));
  text(", ");
  number(static_cast<unsigned>(date.day()), 2);
  text(" ");
  text(kMonths.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3));
  text(" ");
  number(static_cast<int>(date.year()), 4);
  text(" ");
  number(time.hours().count(), 2);
  text(":");
  number(time.minutes().count(), 2);
  text(":");
  number(time.seconds().count(), 2);
  text(" GMT\r\n");
}

}  // namespace weir::net
