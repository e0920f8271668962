#include "edge/media_types.hpp"

namespace weir::edge {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kEvents = "text/event-stream";
constexpr std::string_view kBoth = "application/json, text/event-stream";

std::string_view trimmed(std::string_view text) noexcept {
  auto const first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Takes what stands before the next `mark` off the front.
std::string_view take_until(char mark, std::string_view& rest) noexcept {
  auto const at = rest.find(mark);
  auto const taken = trimmed(rest.substr(0, at));
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return taken;
}

bool is_utf8_name(std::string_view charset) noexcept {
  bool const quoted = charset.size() >= 2 && charset.front() == '"' && charset.back() == '"';
  if (quoted) charset = charset.substr(1, charset.size() - 2);
  return net::same_name(charset, "utf-8") || net::same_name(charset, "utf8");
}

bool is_zero(std::string_view weight) noexcept {
  return weight.starts_with('0') && weight.find_first_not_of("0.") == std::string_view::npos;
}

// 0: does not fit; else the more, the more it says of `type`.
int fit(std::string_view range, std::string_view type) noexcept {
  if (net::same_name(range, type)) return 3;
  auto const slash = type.find('/');
  bool const family =
      range.ends_with("/*") && net::same_name(range.substr(0, range.size() - 2), type.substr(0, slash));
  if (family) return 2;
  return range == "*/*" ? 1 : 0;
}

}  // namespace

bool is_json_type(std::string_view content_type) noexcept {
  if (content_type == kJson) return true;  // what nearly every client sends
  std::string_view rest = content_type;
  if (!net::same_name(take_until(';', rest), kJson)) return false;
  while (!rest.empty()) {
    std::string_view value = take_until(';', rest);
    auto const name = take_until('=', value);
    if (net::same_name(name, "charset") && !is_utf8_name(trimmed(value))) return false;
  }
  return true;
}

bool accepts_both(net::Fields const& fields) noexcept {
  if (fields.value("accept") == kBoth) return true;  // what both SDKs send; further fields could only add
  return accepts(fields, kJson) && accepts(fields, kEvents);
}

bool accepts(net::Fields const& fields, std::string_view type) noexcept {
  bool stated = false;
  bool allowed = false;
  int best = 0;
  for (auto const& field : fields) {
    if (!net::same_name(field.name, "accept")) continue;
    stated = true;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      std::string_view one = take_until(',', rest);
      int const fits = fit(take_until(';', one), type);
      if (fits <= best) continue;
      best = fits;
      allowed = true;
      while (!one.empty()) {
        std::string_view value = take_until(';', one);
        auto const name = take_until('=', value);
        if (net::same_name(name, "q") && is_zero(trimmed(value))) allowed = false;
      }
    }
  }
  return allowed || !stated;
}

}  // namespace weir::edge
