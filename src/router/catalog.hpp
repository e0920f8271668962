// Catalog: what one endpoint shows to clients of one era: the merged lists and the way back to the servers.
//
// Immutable snapshot; built by CatalogLoop whenever a server's part has changed, shared between any threads
// and held by each call that it routes. Endpoint "" is all servers under prefixed names, "github" that server
// alone under its own names. Servers of either era are in it; what the client's era cannot use is left out
// (P086). Order: configuration, then the server's own (P074). URIs are left as they are; one that several
// servers have, in a list or behind a tool, is shown as {scheme}://{server}/{rest} for each of them and
// belongs to nobody as it is. Those of skills are shown so in any case, because their files go with them.
// Without "://" it belongs to the first; the others are left out and noted, as is what another server lists
// under a URI that one of them is shown with. A URI may begin with a server's name of itself: it is taken
// for one that is shown so only where that server has such a URI to show, or where nobody else has this one;
// whatever is shown leads back to what it was made of. A tool can also be called by its
// own name where only one has it, unless that looks like the name of another server's tool: the user
// interfaces of servers know no other. Lookups cost one hash for each index; an unlisted URI is tried against
// the templates in order.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/backend.hpp"
#include "router/capabilities.hpp"
#include "router/item_list.hpp"
#include "router/list_kind.hpp"
#include "router/name_map.hpp"
#include "router/tool_pins.hpp"
#include "router/tool_rules.hpp"
#include "router/uri_template.hpp"

namespace weir::router {

// What a server said when it was last asked; kept when it fails later.
struct ServerContents {
  core::ServerIdentity identity;
  Capabilities capabilities;
  std::array<std::shared_ptr<ItemList const>, kListKinds.size()> lists;  // null: the server has no such list
  std::array<std::uint64_t, kListKinds.size()> announced{};  // list_changed heard before that list was read

  std::array<std::string, kListKinds.size()> problems;  // what is wrong with each list, or "": for people

  std::string problem() const;  // all of them as one line
  ItemList const* list(ListKind kind) const noexcept { return lists[static_cast<std::size_t>(kind)].get(); }
};

enum class Readiness {
  pending,  // never answered, first attempt under way
  ready,
  stale,   // failed since; what is shown is its last good answer
  failed,  // never answered, attempts go on
};

struct CatalogServer {
  std::string_view name;     // outlives every snapshot
  std::uint32_t number = 0;  // of this server with these settings; each worker knows its own way in by it
  ToolRules rules;
  bool in_aggregate = true;
  Readiness readiness = Readiness::pending;
  base::TimePoint since;                           // when it was configured
  std::string cause;                               // one line: why it was not ready when this was published
  std::shared_ptr<ServerContents const> contents;  // null while pending or failed
  // Tools that are neither shown to these nor called by them until somebody accepts what they say now; null:
  // none.
  std::shared_ptr<SuspectTools const> withheld = {};
  bool withholds_unseen = false;  // and so are those that it has not listed: nobody knows what they say
  std::string cure = {};   // what somebody has to do at the gateway about the cause; "": nothing is known
  bool set_aside = false;  // it cannot be used as it is configured: nothing leads to it

  // `tenant`: of the caller; "": the caller has none.
  bool withholds(std::string_view own_name, std::string_view tenant) const {
    return withheld && withheld->holds(own_name, tenant);
  }
  // Whether that is another question for this tenant than for others.
  bool knows_tenant(std::string_view tenant) const {
    return withheld && withheld->tenants.find(tenant) != withheld->tenants.end();
  }
  // For calls that no list led to: one of a tool may be unlisted, or its server never have answered.
  bool lets_through(std::string_view own_name, std::string_view tenant) const;
  // For those that another server's failure leads here, whatever that one's tool says of itself.
  bool may_stand_in(std::string_view own_name, std::string_view tenant) const;
  Item const* tool(std::string_view own_name) const;  // as it lists it; null: it does not
  bool modern() const noexcept { return contents && contents->identity.modern(); }
};
using CatalogServers = std::vector<CatalogServer>;

struct CatalogOptions {
  NameRules names;
  std::size_t instructions_bytes_max = 16 * 1024;
  std::uint64_t seed = 0;  // random, for the tables
};

struct CatalogEntry {
  std::uint32_t server = 0;  // index in servers()
  Item const* item = nullptr;
  std::string const* description = nullptr;  // shown instead of its own
  bool withheld = false;  // keeps its name and is not shown, but to tenants that accepted it
};

// Whether somebody may see it, withheld or not; null: everybody, what is not withheld.
using Shown = std::function<bool(CatalogEntry const&)>;
inline bool is_shown(CatalogEntry const& entry, Shown const& shown) {
  return shown ? shown(entry) : !entry.withheld;
}

// Whose a URI is, and what that server calls it.
struct UriOwner {
  std::uint32_t server = 0;  // index in servers()
  std::string own;
  bool guess = false;  // no server says that it is its own; this is the only one with resources
};

struct CatalogList {
  std::vector<CatalogEntry> entries;
  std::uint64_t hash = 0;       // of everything shown; equal in every worker
  std::uint64_t announced = 0;  // list_changed that its servers have sent so far
  base::TimePoint fresh_until = base::TimePoint::min();
  bool shareable = false;
};

class Catalog {
 public:
  Catalog(CatalogOptions const& options, std::string_view endpoint, bool modern,
          std::shared_ptr<CatalogServers const> servers);
  Catalog(Catalog const&) = delete;
  Catalog& operator=(Catalog const&) = delete;

  CatalogServers const& servers() const noexcept { return *servers_; }
  std::vector<std::uint32_t> const& members() const noexcept { return members_; }  // servers shown here
  std::string const& endpoint() const noexcept { return endpoint_; }
  bool modern() const noexcept { return modern_; }
  CatalogList const& list(ListKind kind) const noexcept { return lists_[static_cast<std::size_t>(kind)]; }
  std::string_view exposed(ListKind kind, std::size_t index) const noexcept;  // tools and prompts; else empty

  CatalogEntry const* find_tool(std::string_view name) const;
  CatalogEntry const* find_prompt(std::string_view exposed) const { return find(ListKind::prompts, exposed); }

  // The server that shows its own URI like that, because others have it too or its skill covers it; else who
  // lists it, whose skill it is a file of, whose template matches; else whose name it begins with, if some of
  // that server's URIs are shown so; else the only one with resources. Nothing also if several have it.
  std::optional<UriOwner> find_uri(std::string_view uri) const;
  // The same for completion/complete, whose uri may be a template's text.
  std::optional<UriOwner> find_reference(std::string_view uri_or_template) const;
  // The way back: what clients know as that server's `own`. `prefixed`: as where several have it, as far as
  // that is found again.
  std::string shown_uri(std::uint32_t server, std::string_view own) const;
  std::string prefixed(std::uint32_t server, std::string_view own) const;
  // Whether some of its URIs are shown under other names.
  bool renames(std::uint32_t server) const noexcept { return renames_[server]; }

  struct Description {
    std::string capabilities;  // JSON object
    std::string instructions;  // text
  };
  Description const& description() const noexcept { return description_; }             // of all members
  Description description_of(std::function<bool(std::uint32_t)> const& chosen) const;  // of some
  std::vector<std::string> const& notes() const noexcept { return notes_; }  // collisions, one sentence each

 private:
  std::optional<std::uint32_t> stated_owner(std::string_view uri) const;  // kSeveral if there is no telling
  std::optional<UriOwner> by_prefix(std::string_view uri) const;
  std::optional<UriOwner> shown_so(std::string_view uri) const;
  std::string set_apart(std::uint32_t server, std::string_view own) const;
  void choose_members();
  void gather(ListKind kind);
  void name_entries(CatalogOptions const& options, ListKind kind);
  void compile_templates();
  void hash_list(ListKind kind);
  NameMap const& names(ListKind kind) const noexcept { return kind == ListKind::tools ? tools_ : prompts_; }
  CatalogEntry const* find(ListKind kind, std::string_view exposed) const;
  bool contested(std::string_view own) const;
  bool contends(std::uint32_t server, std::string_view own) const;

  static constexpr std::uint32_t kSeveral = ~0U;  // in place of a server, or of a tool
  struct Compiled {
    UriTemplate matcher;
    std::uint32_t server;
    bool several;  // others have the same template
    std::uint32_t owner() const noexcept { return several ? kSeveral : server; }
  };
  using Owners = std::unordered_map<std::string_view, std::uint32_t, SeededHash>;
  void claim_all(ListKind kind, Owners& owners);
  bool claim(std::string_view uri, std::uint32_t server, Owners& owners);
  void index_own_names(NameRules const& rules);
  std::vector<std::string> prefixes(NameRules const& rules) const;
  void leave_out_lookalikes(ListKind kind);
  std::optional<std::uint32_t> whose_skill(std::string_view uri) const;
  bool has_skill(std::uint32_t server, std::string_view uri) const;

  std::string endpoint_;
  bool modern_;
  std::shared_ptr<CatalogServers const> servers_;
  std::vector<std::uint32_t> members_;
  std::array<CatalogList, kListKinds.size()> lists_;
  NameMap tools_, prompts_;
  Owners uris_, template_texts_;
  std::unordered_map<std::string_view, std::vector<std::uint32_t>, SeededHash> contenders_;  // of kSeveral
  Owners own_tools_;           // a tool's own name → its entry
  std::vector<bool> renames_;  // by server
  std::vector<Compiled> templates_;
  std::optional<std::uint32_t> only_with_resources_;
  std::size_t instructions_bytes_max_;
  Description description_;
  std::vector<std::string> notes_;
};

}  // namespace weir::router
