#include "store/selection.hpp"

#include <array>

#include "base/glob.hpp"
#include "store/store.hpp"

namespace weir::store {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

bool plain(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == '/' || c == '*';
}

// Everything but `plain` becomes %XX, so that no name can look like two.
void append_encoded(std::string& out, std::string_view text) {
  for (char const c : text) {
    if (plain(c)) {
      out += c;
      continue;
    }
    auto const byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (!plain(text[i])) return std::nullopt;
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    auto const high = kHex.find(text[i + 1]);
    auto const low = kHex.find(text[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(high << 4U | low);
    i += 2;
  }
  return out;
}

bool allows(std::string const& pattern, std::string_view text) noexcept {
  return pattern.empty() || base::glob_matches(pattern, text);
}

}  // namespace

bool Selection::matches(Labels const& labels) const noexcept {
  return allows(server, labels.server) && allows(operation, labels.operation) &&
         (target.empty() || target == labels.target) && (who.empty() || who == labels.who);
}

std::string Selection::text() const {
  std::string out;
  for (auto const* const member : {&server, &operation, &target, &who}) {
    if (member != &server) out += '|';
    append_encoded(out, *member);
  }
  return out;
}

std::optional<Selection> parse_selection(std::string_view text) {
  std::array<std::string, 4> members;
  for (std::size_t i = 0; i < members.size(); ++i) {
    auto const bar = text.find('|');
    bool const last = i + 1 == members.size();
    if (last != (bar == std::string_view::npos)) return std::nullopt;
    auto member = decoded(text.substr(0, bar));
    if (!member) return std::nullopt;
    members[i] = *std::move(member);
    if (!last) text.remove_prefix(bar + 1);
  }
  return Selection{std::move(members[0]), std::move(members[1]), std::move(members[2]),
                   std::move(members[3])};
}

std::string StoreKey::text() const {
  std::string out = "mcp:";
  append_encoded(out, labels.server);
  out += ':';
  append_encoded(out, labels.operation);
  return out.append(":").append(base::hex_of(digest));
}

}  // namespace weir::store
