#include "fallback/backup_path.hpp"

#include <algorithm>
#include <array>

namespace weir::fallback {
namespace {

constexpr std::size_t kPartBytesMax = 255;
constexpr std::array<std::string_view, 5> kEndings{"", ".md", ".txt", ".json", ".html"};

bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

int hex_of(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_part(std::string_view part) noexcept {
  if (part.empty() || part.size() > kPartBytesMax || part.front() == '.') return false;
  return std::none_of(part.begin(), part.end(), [](char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F || c == '/' || c == '\\';
  });
}

// Once, not again; nothing if a percent sign is not followed by two digits.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    int const high = hex_of(text[i + 1]);
    int const low = hex_of(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

// The parts between slashes; empty ones and `.` say nothing. Any bad part: none at all.
std::vector<std::string> split(std::string_view path, bool decode) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    auto const end = std::min(path.find('/'), path.size());
    auto const raw = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    auto part = decode ? percent_decoded(raw) : std::string(raw);
    if (!part) return {};
    if (part->empty() || *part == ".") continue;
    if (!is_part(*part) || parts.size() == kPartsMax) return {};
    parts.push_back(std::move(*part));
  }
  return parts;
}

std::size_t scheme_end(std::string_view uri) noexcept {  // after the colon; 0: no scheme
  auto const colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_alpha(uri.front())) return 0;
  auto const legal = [](char c) { return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; };
  return std::all_of(uri.begin(), uri.begin() + static_cast<std::ptrdiff_t>(colon), legal) ? colon + 1 : 0;
}

std::string_view host_of(std::string_view authority) noexcept {
  auto const at = authority.rfind('@');
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

}  // namespace

std::vector<std::string> parts_of_uri(std::string_view uri) {
  if (uri.size() > kNamedByMax) return {};
  uri = uri.substr(0, uri.find('#'));
  uri = uri.substr(0, uri.find('?'));
  uri.remove_prefix(scheme_end(uri));
  if (!uri.starts_with("//")) return split(uri, true);
  uri.remove_prefix(2);
  auto const slash = std::min(uri.find('/'), uri.size());
  auto const host = host_of(uri.substr(0, slash));
  auto parts = split(host, true);
  if (!host.empty() && parts.size() != 1) return {};  // a host that is no name: whose path would it be?
  auto rest = split(uri.substr(slash), true);
  if (rest.empty() && uri.find_first_not_of('/', slash) != std::string_view::npos) return {};
  if (parts.size() + rest.size() > kPartsMax) return {};
  std::move(rest.begin(), rest.end(), std::back_inserter(parts));
  return parts;
}

std::vector<std::string> parts_of_value(std::string_view value) {
  return value.size() > kNamedByMax ? std::vector<std::string>() : split(value, false);
}

std::string slug_of(std::string_view text) {
  std::string slug;
  for (char const c : text.substr(0, kPartBytesMax)) {
    bool const kept = is_alpha(c) || is_digit(c) || (static_cast<unsigned char>(c) & 0x80U) != 0;
    if (kept) {
      slug += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  if (slug.ends_with('-')) slug.pop_back();
  return slug;
}

std::vector<std::string> names_for(std::vector<std::string> const& parts, bool suffixes) {
  std::vector<std::string> names;
  for (std::size_t first = 0; first < parts.size() && (suffixes || first == 0); ++first) {
    std::string joined;
    for (std::size_t i = first; i < parts.size(); ++i) joined.append(i > first ? "/" : "").append(parts[i]);
    for (auto const ending : kEndings) names.push_back(joined + std::string(ending));
  }
  return names;
}

}  // namespace weir::fallback
