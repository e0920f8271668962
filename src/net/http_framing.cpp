#include "net/http_framing.hpp"

#include <cstddef>
#include <optional>

namespace weir::net {
namespace {

constexpr std::size_t kLengthDigitsMax = 18;  // fits 63 bits with room to spare

std::optional<std::uint64_t> read_length(std::string_view text) noexcept {
  if (text.empty() || text.size() > kLengthDigitsMax || (text.size() > 1 && text.front() == '0')) return {};
  std::uint64_t value = 0;
  for (char const c : text) {
    if (c < '0' || c > '9') return {};
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool is_alnum(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5) return false;
  unsigned value = 0;
  for (char const c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= 65535;
}

// Host names and addresses as they are used; the wider reg-name grammar (percent signs, commas) is refused.
bool is_host(std::string_view text) noexcept {
  bool const bracketed = text.starts_with('[');
  std::size_t const name_end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && name_end == std::string_view::npos) return false;
  std::string_view const name = bracketed ? text.substr(1, name_end - 1) : text.substr(0, name_end);
  if (name.empty()) return false;
  for (char const c : name) {
    bool const hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (bracketed ? !(hex || c == ':' || c == '.') : !(is_alnum(c) || c == '-' || c == '.' || c == '_'))
      return false;
  }
  std::string_view const rest = text.substr(name.size() + (bracketed ? 2 : 0));
  return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
}

// Sets `framing` to none, length or chunked. Refusals have status 400.
Refusal frame_by_fields(FramingFields const& seen, int minor_version, Framing& framing) {
  framing = {};
  if (seen.codings != 0) {
    if (minor_version == 0) return {400, "Transfer-Encoding in HTTP/1.0"};
    if (seen.lengths != 0) return {400, "Transfer-Encoding together with Content-Length"};
    if (seen.codings > 1) return {400, "Transfer-Encoding stands more than once"};
    if (!same_name(seen.coding, "chunked")) return {400, "Transfer-Encoding is not exactly chunked"};
    framing.kind = Framing::Kind::chunked;
  } else if (seen.lengths != 0) {
    if (seen.lengths > 1) return {400, "Content-Length stands more than once"};
    std::optional<std::uint64_t> const length = read_length(seen.length);
    if (!length) return {400, "Content-Length is not a plain decimal number"};
    framing.kind = Framing::Kind::length;
    framing.length = *length;
  }
  return {};
}

}  // namespace

void FramingFields::note(Field field) noexcept {
  switch (field.name.size()) {  // few names share a length, so most fields cost one comparison of sizes
    case 4:
      if (same_name(field.name, "host")) host = field.value, ++hosts;
      break;
    case 6:
      if (same_name(field.name, "expect"))
        expect_continue = same_name(field.value, "100-continue"), ++expects;
      break;
    case 7: upgrade = upgrade || same_name(field.name, "upgrade"); break;
    case 10:
      if (same_name(field.name, "connection")) close = close || list_contains(field.value, "close");
      break;
    case 14:
      if (same_name(field.name, "content-length")) length = field.value, ++lengths;
      upgrade = upgrade || same_name(field.name, "http2-settings");
      break;
    case 17:
      if (same_name(field.name, "transfer-encoding")) coding = field.value, ++codings;
      break;
    default: break;
  }
}

Refusal frame_request(FramingFields const& seen, int minor_version, std::uint64_t body_bytes_max,
                      Framing& framing) {
  if (Refusal const refusal = frame_by_fields(seen, minor_version, framing)) return refusal;
  if (seen.hosts > 1) return {400, "Host stands more than once"};
  if (seen.hosts == 0 && minor_version == 1) return {400, "Host is missing"};
  if (seen.hosts == 1 && !is_host(seen.host))
    return {400, "Host is not a host name or address with optional port"};
  if (seen.upgrade) return {400, "protocol upgrades are not offered here"};
  if (seen.expects > 1 || (seen.expects == 1 && !seen.expect_continue)) {
    return {417, "only Expect: 100-continue is understood"};
  }
  if (framing.length > body_bytes_max) return {413, "the body is larger than this server takes"};
  return {};
}

Refusal frame_response(FramingFields const& seen, int minor_version, int status, std::uint64_t body_bytes_max,
                       Framing& framing) {
  if (Refusal const refusal = frame_by_fields(seen, minor_version, framing)) return {502, refusal.reason};
  if (status == 101) return {502, "protocol switched without being asked"};
  if (status < 200 || status == 204 || status == 304) {
    bool const announced = framing.kind == Framing::Kind::chunked || framing.length != 0;
    if (status != 304 && announced) return {502, "a body announced where there can be none"};
    framing = {};
    return {};
  }
  if (framing.length > body_bytes_max) return {413, "the body is larger than allowed"};
  if (framing.kind == Framing::Kind::none) framing.kind = Framing::Kind::until_close;
  return {};
}

}  // namespace weir::net
