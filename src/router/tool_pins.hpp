// ToolPins: what one server's tools said of themselves when they were first seen, and what differs now.
//
// The brain of pinning; no I/O, one thread. A tool is pinned when it is first seen (trust on first use) or
// when a person accepts it; a tool that is gone keeps its pin, so that coming back changed is a change. A
// finding stands until it is accepted or the tool is again what was pinned. Hidden characters are a finding
// from the first sight on, unless a person accepted that very definition. Limits: `pins` tools; what comes
// when they, or `kept_bytes` of names, are used up is a finding itself, since nothing could show that it
// changes. Definitions over
// `definition_bytes`, and those beyond `kept_bytes` together, are kept as their hash alone and cannot be
// shown as a difference. Against CVE-2025-54136 and its like (rug pulls).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "router/item_list.hpp"
#include "router/tool_definition.hpp"

namespace weir::router {

struct Pin {
  std::string hash;
  std::string definition;  // "": kept as the hash alone
  bool approved = false;   // by a person, not by being first
  friend bool operator==(Pin const&, Pin const&) = default;
};

struct PinLimits {
  std::size_t pins = 10'000;
  std::size_t definition_bytes = 16 * 1024;
  std::size_t kept_bytes = 4 * 1024 * 1024;
};

struct ToolFinding {
  enum class Kind : std::uint8_t { changed, hidden, unpinned };
  std::string tool;
  Kind kind = Kind::changed;
  Hidden hidden = Hidden::none;  // in what it says now
  std::string hash;              // of what it says now
  friend bool operator==(ToolFinding const&, ToolFinding const&) = default;
};

std::string_view name_of(ToolFinding::Kind kind) noexcept;  // "changed", "hidden", "unpinned"

using ToolNames = std::unordered_set<std::string>;

class ToolPins {
 public:
  explicit ToolPins(PinLimits limits = {}) : limits_(limits) {}

  void restore(std::string tool, Pin pin);  // from an earlier run; over the limit: dropped

  struct Seen {
    std::vector<std::string> pinned;  // for the first time: to be stored
    std::vector<ToolFinding> news;    // that were not there before
  };
  // Null: the server offers no tools. The same list again costs nothing.
  Seen look(std::shared_ptr<ItemList const> tools);

  std::vector<ToolFinding> const& findings() const noexcept { return findings_; }
  std::string explain(ToolFinding const& finding) const;                   // lines that show what it is
  std::shared_ptr<ToolNames const> suspects() const { return suspects_; }  // null: none

  // What it says now is what it may say. The tools whose pins are other than before; none: it is not offered,
  // or there is no more room.
  std::vector<std::string> accept(std::string_view tool);
  // Of all that is offered now; pins of tools that are gone are forgotten.
  std::vector<std::string> accept_all();

  Pin const* find(std::string_view tool) const noexcept;
  std::map<std::string, Pin, std::less<>> const& pins() const noexcept { return pins_; }

 private:
  bool has_room_for(std::string_view tool) const noexcept;
  bool put(std::string const& tool, std::string definition, std::string hash, bool approved);
  void forget(std::map<std::string, Pin, std::less<>>::iterator at);
  bool inspect(Item const& item, Seen& seen);
  std::string definition_now(std::string_view tool) const;
  Seen look_again();

  PinLimits limits_;
  std::map<std::string, Pin, std::less<>> pins_;
  std::size_t kept_ = 0;  // bytes of names and definitions
  std::shared_ptr<ItemList const> tools_;
  std::vector<ToolFinding> findings_;
  std::shared_ptr<ToolNames const> suspects_;
};

}  // namespace weir::router
