// FlatObject: the members of one JSON object that came from an issuer, found by name.
//
// A view of text that the caller keeps and may wipe: nothing of it is copied but what is asked for. At most
// kMembersMax members; the text must be UTF-8, and no name that is asked for may come twice (a second
// `access_token` is a trick). Nested values are strings of JSON here. One thread, lives on the stack.
// jose::JsonObject is not used for these texts: it has a copy of them, in memory that nobody wipes. A test
// keeps the two agreed on what is an object.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/json_cursor.hpp"

namespace weir::oauth {

class FlatObject {
 public:
  static constexpr std::size_t kMembersMax = 256;

  // Nothing when it is not one JSON object.
  static std::optional<FlatObject> parse(std::string_view text);

  bool has(std::string_view name) const noexcept { return find(name) != nullptr; }
  bool repeats() const noexcept { return repeats_; }  // a name came twice
  // The token as it stands there; "" when absent.
  std::string_view raw(std::string_view name) const noexcept;
  // The text of a string member; nothing when it is absent, another kind, or has no text.
  std::optional<std::string> text(std::string_view name) const;
  std::optional<bool> boolean(std::string_view name) const noexcept;
  // A whole number; nothing for anything else.
  std::optional<std::int64_t> integer(std::string_view name) const noexcept;
  // The strings of an array of strings, or the one string that stands in its place. Nothing when absent or
  // otherwise.
  std::optional<std::vector<std::string>> texts(std::string_view name) const;

 private:
  struct Member {
    std::string name;
    std::string_view token;
    mcp::JsonKind kind;
  };
  Member const* find(std::string_view name) const noexcept;
  std::vector<Member> members_;
  bool repeats_ = false;
};

}  // namespace weir::oauth
