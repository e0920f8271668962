// ToolPins: what one server's tools said of themselves when they were first seen, and what differs now.
//
// The brain of pinning; no I/O, one thread. A pin's key is tool and tenant. Those of no tenant ("") hold for
// everybody: a tool is pinned so when it is first seen (trust on first use) or when a person accepts it; a
// tool that is gone keeps its pin, so that coming back changed is a change. What a person accepts for one
// tenant is that tenant's pin: for its callers it counts instead of the one of all, until the tool is
// accepted for all. There is one list for all tenants, since nobody but the gateway asks for it; so what is
// seen first is never one tenant's. A finding stands until it is accepted or the tool is again what was
// pinned. Hidden characters are a finding from the first sight on, unless a person accepted that very
// definition. Limits: those of PinSet for the pins of all; what comes when they are used up is a finding
// itself, since nothing could show that it changes; TenantLimits. Against CVE-2025-54136 and its like (rug
// pulls).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "router/item_list.hpp"
#include "router/pin_set.hpp"
#include "router/tool_definition.hpp"

namespace weir::router {

struct TenantLimits {
  std::size_t tenants = 64;                     // with pins of their own
  PinLimits each{1000, 16 * 1024, 256 * 1024};  // a tenant's share
};

struct ToolFinding {
  enum class Kind : std::uint8_t { changed, hidden, unpinned };
  std::string tool;
  Kind kind = Kind::changed;
  Hidden hidden = Hidden::none;  // in what it says now
  std::string hash;              // of what it says now
  std::string tenant = {};       // whose pin it is not; "": that of all
  friend bool operator==(ToolFinding const&, ToolFinding const&) = default;
};

std::string_view name_of(ToolFinding::Kind kind) noexcept;  // "changed", "hidden", "unpinned"

using ToolNames = std::unordered_set<std::string>;

// Tools that are not what was accepted: for callers in general, and for tenants with pins of their own.
struct SuspectTools {
  ToolNames general;
  std::map<std::string, ToolNames, std::less<>> tenants;  // all that are suspect to each of these
  bool holds(std::string_view tool, std::string_view tenant) const;
  friend bool operator==(SuspectTools const&, SuspectTools const&) = default;
};

class ToolPins {
 public:
  explicit ToolPins(PinLimits limits = {}, TenantLimits tenants = {})
      : limits_(limits), tenant_limits_(tenants), pins_(limits) {}

  // From an earlier run; over the limit: dropped.
  void restore(std::string const& tool, Pin pin, std::string const& tenant = {});

  struct Seen {
    std::vector<std::string> pinned;  // for the first time: to be stored
    std::vector<ToolFinding> news;    // that were not there before
  };
  // Null: the server offers no tools. The same list again costs nothing.
  Seen look(std::shared_ptr<ItemList const> tools);

  std::vector<ToolFinding> const& findings() const noexcept { return findings_; }
  std::string explain(ToolFinding const& finding) const;                      // lines that show what it is
  std::shared_ptr<SuspectTools const> suspects() const { return suspects_; }  // null: none
  std::size_t suspect_tools() const;                                          // each counted once

  // The tools offered now that are called so, or are shown so by shown_name().
  std::vector<std::string> named(std::string_view text) const;

  // What it says now is what it may say, for the tenant's callers or ("") for all. The tools whose pins are
  // other than before; none: it is not offered, or there is no more room. Accepted for all, a tool has no
  // tenants' pins any more.
  std::vector<std::string> accept(std::string_view tool, std::string const& tenant = {});
  // Of all that is offered now; pins of tools that are gone are forgotten.
  std::vector<std::string> accept_all(std::string const& tenant = {});

  Pin const* find(std::string_view tool, std::string_view tenant = {}) const noexcept;
  PinSet::Pins const& pins() const noexcept { return pins_.all(); }  // of all
  std::map<std::string, PinSet, std::less<>> const& tenants() const noexcept { return tenants_; }

 private:
  PinSet* set_of(std::string const& tenant);  // null: one tenant too many
  void drop_empty_tenants();
  bool put(std::string const& tool, std::string definition, std::string const& tenant);
  void inspect(Item const& item, Seen& seen, SuspectTools& suspects);
  bool is_as_pinned(ToolFinding& now, std::string& definition, Seen& seen);
  std::string definition_now(std::string_view tool) const;
  Seen look_again();

  PinLimits limits_;
  TenantLimits tenant_limits_;
  PinSet pins_;                                         // of all
  std::map<std::string, PinSet, std::less<>> tenants_;  // none of them empty
  std::shared_ptr<ItemList const> tools_;
  std::vector<ToolFinding> findings_;
  std::shared_ptr<SuspectTools const> suspects_;
};

}  // namespace weir::router
