#include "net/http_head.hpp"

#include <algorithm>
#include <cstring>

namespace weir::net {
namespace {

constexpr std::string_view kAuthorization = "authorization";

// Reads forward only and judges each byte without looking further, so that more bytes never change a refusal.
// A step that returns false ends the parse: with a refusal, or without one when bytes are missing.
class HeadReader {
 public:
  HeadReader(std::string_view buffer, HttpLimits const& limits)
      : text_(buffer.substr(0, limits.head_bytes_max)), limits_(limits) {}

  Refusal const& refusal() const noexcept { return refusal_; }
  std::size_t at() const noexcept { return at_; }
  bool at_end() const noexcept { return at_ == stop_; }
  char peek() const noexcept { return text_[at_]; }

  void begin_line(int too_long_status) noexcept {
    too_long_status_ = too_long_status;
    line_begin_ = at_;
    limit_line(limits_.line_bytes_max);
  }
  void limit_line(std::size_t bytes_max) noexcept {  // of the line that was begun, without CRLF
    line_limit_ = line_begin_ + bytes_max + 2;
    stop_ = std::min(text_.size(), line_limit_);
  }
  bool refuse(int status, char const* reason) noexcept {
    refusal_ = {status, reason};
    return false;
  }
  bool ran_out() noexcept {
    if (stop_ == line_limit_) return refuse(too_long_status_, "a line of the head is too long");
    if (text_.size() == limits_.head_bytes_max) return refuse(431, "the head is too large");
    return false;
  }
  template <std::size_t N>
  [[gnu::always_inline]] bool expect(char const (&literal)[N], char const* reason) noexcept {
    if (stop_ - at_ >= N - 1 && std::memcmp(text_.data() + at_, literal, N - 1) == 0) {
      at_ += N - 1;
      return true;
    }
    return expect_bytes({literal, N - 1}, reason);
  }
  bool expect_bytes(std::string_view literal, char const* reason) noexcept {
    for (char const c : literal) {
      if (at_end()) return ran_out();
      if (peek() != c) return refuse(400, reason);
      ++at_;
    }
    return true;
  }
  bool take_digit(int& digit, char const* reason) noexcept {
    if (at_end()) return ran_out();
    if (peek() < '0' || peek() > '9') return refuse(400, reason);
    digit = text_[at_++] - '0';
    return true;
  }
  std::string_view take_token() noexcept { return take(token_length(rest())); }
  std::string_view take_text() noexcept { return take(find_control(rest())); }
  std::string_view take_target() noexcept { return take(target_length(rest())); }
  void skip_blanks() noexcept {
    while (!at_end() && (peek() == ' ' || peek() == '\t')) ++at_;
  }

 private:
  std::string_view rest() const noexcept { return text_.substr(at_, stop_ - at_); }
  std::string_view take(std::size_t count) noexcept {
    std::string_view const taken = text_.substr(at_, count);
    at_ += count;
    return taken;
  }

  std::string_view text_;
  HttpLimits const& limits_;
  Refusal refusal_;
  std::size_t at_ = 0;
  std::size_t stop_ = 0;
  std::size_t line_begin_ = 0;
  std::size_t line_limit_ = 0;
  int too_long_status_ = 400;
};

bool read_version(HeadReader& reader, int& minor_version) {
  int major = 0;
  int minor = 0;
  if (!reader.expect("HTTP/", "no HTTP version where one belongs")) return false;
  if (!reader.take_digit(major, "malformed HTTP version") || !reader.expect(".", "malformed HTTP version") ||
      !reader.take_digit(minor, "malformed HTTP version")) {
    return false;
  }
  if (major != 1 || minor > 1) return reader.refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  minor_version = minor;
  return true;
}

// One CRLF left over from a message before is skipped (RFC 9112 2.2).
bool skip_empty_line(HeadReader& reader) {
  reader.begin_line(400);
  if (reader.at_end()) return reader.ran_out();
  return reader.peek() != '\r' || reader.expect("\r\n", "a carriage return without line feed");
}

bool read_request_line(HeadReader& reader, RequestHead& head) {
  reader.begin_line(414);
  head.method = reader.take_token();
  if (reader.at_end()) return reader.ran_out();
  if (head.method.empty()) return reader.refuse(400, "no method where one belongs");
  if (!reader.expect(" ", "the method is not a token followed by one space")) return false;
  if (head.method == "PRI") return reader.refuse(400, "HTTP/2 is not spoken here");
  head.target = reader.take_target();
  if (reader.at_end()) return reader.ran_out();
  if (head.target.empty()) return reader.refuse(400, "no request target where one belongs");
  if (reader.peek() == '#') return reader.refuse(400, "a fragment in the request target");
  if (!reader.expect(" ", "a byte in the request target that may not stand there")) return false;
  return read_version(reader, head.minor_version) &&
         reader.expect("\r\n", "the request line does not end in CRLF");
}

bool read_status_line(HeadReader& reader, ResponseHead& head) {
  reader.begin_line(431);
  if (!read_version(reader, head.minor_version)) return false;
  if (!reader.expect(" ", "no space after the version")) return false;
  head.status = 0;
  for (int i = 0; i < 3; ++i) {
    int digit = 0;
    if (!reader.take_digit(digit, "the status is not three digits")) return false;
    head.status = head.status * 10 + digit;
  }
  if (head.status < 100 || head.status > 599) return reader.refuse(400, "a status outside 100 to 599");
  head.reason = {};
  if (reader.at_end()) return reader.ran_out();
  if (reader.peek() == ' ') {
    head.reason = reader.take_text().substr(1);
    if (reader.at_end()) return reader.ran_out();
  }
  return reader.expect("\r\n", "the status line does not end in CRLF");
}

bool is_authorization(std::string_view name) noexcept {
  return name.size() == kAuthorization.size() && same_name(name, kAuthorization);
}

// `authorization_max`: of a line with that name.
bool read_field(HeadReader& reader, std::size_t authorization_max, Field& field) {
  field.name = reader.take_token();
  if (reader.at_end()) return reader.ran_out();
  if (reader.peek() != ':') {
    bool const blank = reader.peek() == ' ' || reader.peek() == '\t';
    return reader.refuse(400, !blank               ? "a byte in a field name that may not stand there"
                              : field.name.empty() ? "a folded line"
                                                   : "a blank before the colon of a field");
  }
  if (field.name.empty()) return reader.refuse(400, "a field without name");
  if (is_authorization(field.name)) reader.limit_line(authorization_max);
  reader.expect(":", "");
  reader.skip_blanks();
  field.value = reader.take_text();
  if (reader.at_end()) return reader.ran_out();
  while (!field.value.empty() && (field.value.back() == ' ' || field.value.back() == '\t')) {
    field.value.remove_suffix(1);
  }
  return reader.expect("\r\n", "a control byte in a field, or a line that does not end in CRLF");
}

bool read_fields(HeadReader& reader, HttpLimits const& limits, std::size_t authorization_max, Fields& fields,
                 FramingFields& seen) {
  std::size_t const fields_max = std::min(limits.fields_max, Fields::kCapacity);
  fields.clear();
  while (true) {
    reader.begin_line(431);
    if (reader.at_end()) return reader.ran_out();
    if (reader.peek() == '\r') return reader.expect("\r\n", "a carriage return without line feed");
    if (fields.size() == fields_max) return reader.refuse(431, "too many fields");
    Field field;
    if (!read_field(reader, authorization_max, field)) return false;
    fields.add(field);
    seen.note(field);
  }
}

// Splits the target, and holds an authority in it against Host (RFC 9112 3.2).
Refusal split_target(RequestHead& head) {
  std::string_view rest = head.target;
  if (head.method == "CONNECT") return {501, "tunnels are not offered here"};
  if (!rest.starts_with('/')) {
    if (rest == "*" && head.method == "OPTIONS") return {405, "OPTIONS * is not offered here"};
    std::size_t const scheme = same_name(rest.substr(0, 7), "http://")    ? 7
                               : same_name(rest.substr(0, 8), "https://") ? 8
                                                                          : 0;
    if (scheme == 0) return {400, "the request target is neither a path nor an http address"};
    rest.remove_prefix(scheme);
    std::string_view const authority = rest.substr(0, rest.find_first_of("/?"));
    if (authority.empty() || !same_name(authority, head.host)) {
      return {400, "the authority in the request target is not the one in Host"};
    }
    rest.remove_prefix(authority.size());
  }
  std::size_t const mark = rest.find('?');
  head.path = mark == 0 || rest.empty() ? std::string_view{"/"} : rest.substr(0, mark);
  head.query = mark == std::string_view::npos ? std::string_view{} : rest.substr(mark + 1);
  return {};
}

Refusal finish(RequestHead& head, FramingFields const& seen, HttpLimits const& limits) {
  head.host = seen.host;
  if (Refusal const refusal = frame_request(seen, head.minor_version, limits.body_bytes_max, head.framing)) {
    return refusal;
  }
  if (Refusal const refusal = split_target(head)) return refusal;
  head.keep_alive = head.minor_version == 1 && !seen.close;
  head.expect_continue = head.minor_version == 1 && seen.expect_continue;
  return {};
}

Refusal finish(ResponseHead& head, FramingFields const& seen, HttpLimits const& limits) {
  if (Refusal const refusal =
          frame_response(seen, head.minor_version, head.status, limits.body_bytes_max, head.framing)) {
    return refusal;
  }
  head.keep_alive = head.minor_version == 1 && !seen.close && head.framing.kind != Framing::Kind::until_close;
  return {};
}

bool read_start(HeadReader& reader, RequestHead& head) {
  return skip_empty_line(reader) && read_request_line(reader, head);
}
bool read_start(HeadReader& reader, ResponseHead& head) { return read_status_line(reader, head); }

std::size_t longest_authorization(HttpLimits const& limits, RequestHead const&) noexcept {
  return std::max(limits.authorization_bytes_max, limits.line_bytes_max);
}
std::size_t longest_authorization(HttpLimits const& limits, ResponseHead const&) noexcept {
  return limits.line_bytes_max;
}

template <class Head>
HeadVerdict parse_whole(std::string_view buffer, HttpLimits const& limits, Head& head) {
  HeadReader reader{buffer, limits};
  FramingFields seen;
  bool const complete = read_start(reader, head) &&
                        read_fields(reader, limits, longest_authorization(limits, head), head.fields, seen);
  Refusal const refusal = complete ? finish(head, seen, limits) : reader.refusal();
  if (refusal) return {HeadVerdict::State::bad, 0, refusal};
  if (!complete) return {};
  return {HeadVerdict::State::complete, reader.at(), {}};
}

// Whether a field line that begins like `line` is over its limit with so many bytes, CRLF included.
bool too_long(std::string_view line, std::size_t bytes, HttpLimits const& limits,
              std::size_t authorization_max) noexcept {
  if (bytes <= limits.line_bytes_max + 2) return false;
  bool const named = line.size() > kAuthorization.size() && line[kAuthorization.size()] == ':' &&
                     is_authorization(line.substr(0, kAuthorization.size()));
  return !named || bytes > authorization_max + 2;
}

// Looks at new bytes only. True when parsing again can tell more than before: the head ends, its first line
// ended, or something stands or is missing that will be refused. So a head is parsed three times at most.
bool worth_parsing(std::string_view buffer, HttpLimits const& limits, std::size_t authorization_max,
                   HeadSearch& search) {
  std::size_t at = search.searched;
  bool worth = false;
  while (!worth) {
    at += find_control(buffer.substr(at));
    if (at + 1 >= buffer.size()) {
      worth = at < buffer.size() && buffer[at] != '\r';
      break;
    }
    worth = buffer[at] != '\r' || buffer[at + 1] != '\n' || at == search.line_start || ++search.lines == 1;
    at += 2;
    auto const line = buffer.substr(search.line_start, at - search.line_start);
    if (too_long(line, line.size(), limits, authorization_max)) worth = true;
    search.line_start = static_cast<std::uint32_t>(at);
  }
  search.searched = static_cast<std::uint32_t>(at);
  auto const line = buffer.substr(search.line_start);
  return worth || (search.lines == 0 && line.size() >= limits.line_bytes_max + 2) ||
         too_long(line, line.size() + 1, limits, authorization_max) || buffer.size() >= limits.head_bytes_max;
}

template <class Head>
HeadVerdict parse(std::string_view buffer, HttpLimits const& limits, HeadSearch& search, Head& head) {
  auto const longest = longest_authorization(limits, head);
  if (search.searched != 0 && !worth_parsing(buffer, limits, longest, search)) return {};
  HeadVerdict const verdict = parse_whole(buffer, limits, head);
  if (verdict.state == HeadVerdict::State::need_more && search.searched == 0)
    worth_parsing(buffer, limits, longest, search);
  return verdict;
}

}  // namespace

HeadVerdict parse_request_head(std::string_view buffer, HttpLimits const& limits, HeadSearch& search,
                               RequestHead& head) {
  return parse(buffer, limits, search, head);
}

HeadVerdict parse_response_head(std::string_view buffer, HttpLimits const& limits, HeadSearch& search,
                                ResponseHead& head) {
  HeadVerdict verdict = parse(buffer, limits, search, head);
  if (verdict.refusal && verdict.refusal.status != 413) verdict.refusal.status = 502;
  return verdict;
}

}  // namespace weir::net
