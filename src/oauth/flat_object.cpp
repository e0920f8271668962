#include "oauth/flat_object.hpp"

#include <algorithm>
#include <charconv>

#include "mcp/json_text.hpp"

namespace weir::oauth {

using mcp::JsonKind;

std::optional<FlatObject> FlatObject::parse(std::string_view text) {
  if (!mcp::is_utf8(text)) return std::nullopt;
  mcp::JsonCursor cursor(text, {.depth_max = 16, .nodes_max = 4096});
  FlatObject object;
  if (!cursor.enter_object()) return std::nullopt;
  mcp::JsonValue key;
  while (cursor.next_member(key)) {
    mcp::JsonValue value;
    if (!cursor.read_value(value) || object.members_.size() == kMembersMax) return std::nullopt;
    Member member{{}, text.substr(value.span.begin, value.span.size()), value.kind};
    if (!mcp::decode_string(text.substr(key.span.begin, key.span.size()), member.name)) return std::nullopt;
    object.repeats_ = object.repeats_ || object.has(member.name);
    object.members_.push_back(std::move(member));
  }
  if (cursor.failed() || !cursor.finish()) return std::nullopt;
  return object;
}

FlatObject::Member const* FlatObject::find(std::string_view name) const noexcept {
  auto const found = std::find_if(members_.begin(), members_.end(),
                                  [name](Member const& member) { return member.name == name; });
  return found == members_.end() ? nullptr : &*found;
}

std::string_view FlatObject::raw(std::string_view name) const noexcept {
  auto const* const member = find(name);
  return member == nullptr ? std::string_view() : member->token;
}

std::optional<std::string> FlatObject::text(std::string_view name) const {
  auto const* const member = find(name);
  std::string out;
  if (member == nullptr || member->kind != JsonKind::string) return std::nullopt;
  out.reserve(member->token.size());  // never grows: no copy of a credential stays behind
  if (!mcp::decode_string(member->token, out)) return std::nullopt;
  return out;
}

std::optional<bool> FlatObject::boolean(std::string_view name) const noexcept {
  auto const* const member = find(name);
  if (member == nullptr || member->kind != JsonKind::boolean) return std::nullopt;
  return member->token == "true";
}

std::optional<std::int64_t> FlatObject::integer(std::string_view name) const noexcept {
  auto const* const member = find(name);
  if (member == nullptr || member->kind != JsonKind::number) return std::nullopt;
  std::int64_t number = 0;
  auto const* const end = member->token.data() + member->token.size();
  auto const parsed = std::from_chars(member->token.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return number;
}

std::optional<std::vector<std::string>> FlatObject::texts(std::string_view name) const {
  auto const* const member = find(name);
  if (member == nullptr) return std::nullopt;
  std::vector<std::string> all;
  if (auto one = text(name)) {
    all.push_back(std::move(*one));
    return all;
  }
  if (member->kind != JsonKind::array) return std::nullopt;
  mcp::JsonCursor cursor(member->token);
  if (!cursor.enter_array()) return std::nullopt;
  while (cursor.next_element()) {
    mcp::JsonValue value;
    std::string out;
    if (!cursor.read_value(value) || value.kind != JsonKind::string) return std::nullopt;
    if (!mcp::decode_string(member->token.substr(value.span.begin, value.span.size()), out))
      return std::nullopt;
    all.push_back(std::move(out));
  }
  return all;
}

}  // namespace weir::oauth
