#include "router/catalog.hpp"

#include <algorithm>
#include <utility>

#include "router/uri_edits.hpp"

namespace weir::router {
namespace {

constexpr std::uint64_t kSameInEveryWorker = 0;
constexpr std::size_t kNotesMax = 100;

std::uint64_t mixed(std::uint64_t hash, std::string_view bytes) noexcept { return base::hash64(bytes, hash); }

std::uint64_t mixed(std::uint64_t hash, std::uint64_t more) noexcept {
  return base::hash64({reinterpret_cast<char const*>(&more), sizeof more}, hash);
}

// A skill is all that is in the directory of the file that is listed.
bool covers(std::string_view skill, std::string_view uri) noexcept {
  auto const root = skill.substr(0, skill.rfind('/'));
  return uri.starts_with(root) && (uri.size() == root.size() || uri[root.size()] == '/');
}

// Clients may fetch such a page themselves: it is not to be renamed for its host's sake.
bool is_of_the_web(std::string_view uri) noexcept {
  return uri.starts_with("https://") || uri.starts_with("http://");
}

}  // namespace

std::string ServerContents::problem() const {
  std::string text;
  for (auto const& one : problems) {
    if (!one.empty()) text.append(text.empty() ? "" : "; ").append(one);
  }
  return text;
}

Catalog::Catalog(CatalogOptions const& options, std::string_view endpoint, bool modern,
                 std::shared_ptr<CatalogServers const> servers)
    : endpoint_(endpoint),
      modern_(modern),
      servers_(std::move(servers)),
      uris_(0, SeededHash{options.seed}),
      template_texts_(0, SeededHash{options.seed}),
      contenders_(0, SeededHash{options.seed}),
      own_tools_(0, SeededHash{options.seed}),
      renames_(servers_->size()),
      instructions_bytes_max_(options.instructions_bytes_max) {
  choose_members();
  for (ListKind const kind : kListKinds) gather(kind);
  name_entries(options, ListKind::tools);
  name_entries(options, ListKind::prompts);
  index_own_names(options.names);
  claim_all(ListKind::resources, uris_);
  claim_all(ListKind::templates, template_texts_);
  claim_all(ListKind::skills, uris_);
  for (std::uint32_t const index : members_) {
    if (endpoint_.empty() && (*servers_)[index].contents->capabilities.skills) renames_[index] = true;
  }
  compile_templates();
  leave_out_lookalikes(ListKind::resources);
  leave_out_lookalikes(ListKind::templates);
  for (ListKind const kind : kListKinds) hash_list(kind);
  description_ = description_of([](std::uint32_t) { return true; });
}

void Catalog::choose_members() {
  std::uint32_t with_resources = 0;
  for (std::uint32_t i = 0; i < servers_->size(); ++i) {
    auto const& server = (*servers_)[i];
    bool const belongs = endpoint_.empty() ? server.in_aggregate : server.name == endpoint_;
    if (!belongs || !server.contents) continue;
    members_.push_back(i);
    if (!server.contents->capabilities.resources) continue;
    if (++with_resources == 1) only_with_resources_ = i;
  }
  if (with_resources > 1) only_with_resources_.reset();
}

bool CatalogServer::lets_through(std::string_view own_name, std::string_view tenant) const {
  if (withholds(own_name, tenant)) return false;
  return !withholds_unseen || tool(own_name) != nullptr;
}

bool CatalogServer::may_stand_in(std::string_view own_name, std::string_view tenant) const {
  auto const* const known = tool(own_name);
  return lets_through(own_name, tenant) && (known == nullptr || !known->says_writes);
}

Item const* CatalogServer::tool(std::string_view own_name) const {
  auto const* const tools = contents ? contents->list(ListKind::tools) : nullptr;
  if (tools == nullptr) return nullptr;
  auto const found = std::find_if(tools->items().begin(), tools->items().end(),
                                  [own_name](Item const& item) { return item.key == own_name; });
  return found == tools->items().end() ? nullptr : &*found;
}

void Catalog::gather(ListKind kind) {
  auto& merged = lists_[static_cast<std::size_t>(kind)];
  bool all_known = true;
  for (auto const& server : *servers_) {
    bool const belongs = endpoint_.empty() ? server.in_aggregate : server.name == endpoint_;
    if (belongs && server.readiness != Readiness::ready) all_known = false;
  }
  merged.fresh_until = all_known ? base::TimePoint::max() : base::TimePoint::min();
  merged.shareable = all_known;
  for (std::uint32_t const index : members_) {
    auto const& server = (*servers_)[index];
    auto const* list = server.contents->list(kind);
    if (list == nullptr) continue;
    merged.announced += server.contents->announced[static_cast<std::size_t>(kind)];
    merged.fresh_until = std::min(merged.fresh_until, list->fresh_until());
    bool const by_tenant = kind == ListKind::tools && server.withheld && !server.withheld->tenants.empty();
    merged.shareable = merged.shareable && list->shareable() && !by_tenant;
    for (Item const& item : list->items()) {
      if (kind == ListKind::tools && server.rules.hides(item.key)) continue;
      if (modern_ && item.task_required) continue;  // P086
      auto const* text = kind == ListKind::tools ? server.rules.shown_description(item.key) : nullptr;
      bool const withheld = kind == ListKind::tools && server.withholds(item.key, {});
      merged.entries.push_back({index, &item, text, withheld});
    }
  }
  if (merged.fresh_until == base::TimePoint::max()) {  // nobody granted anything
    merged.fresh_until = base::TimePoint::min();
    merged.shareable = false;
  }
}

void Catalog::name_entries(CatalogOptions const& options, ListKind kind) {
  auto const& entries = list(kind).entries;
  std::vector<OwnName> own;
  own.reserve(entries.size());
  for (auto const& entry : entries) {
    auto const& server = (*servers_)[entry.server];
    std::string_view const key = entry.item->key;
    own.push_back({server.name, key, kind == ListKind::tools ? server.rules.shown_name(key) : key});
  }
  NameRules rules = options.names;
  rules.bare = !endpoint_.empty();
  (kind == ListKind::tools ? tools_ : prompts_) = NameMap::build(rules, own, options.seed);
}

// With what the names of each server's tools begin here; "": with nothing in particular.
std::vector<std::string> Catalog::prefixes(NameRules const& rules) const {
  std::vector<std::string> out(servers_->size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto const& server = (*servers_)[i];
    if (endpoint_.empty() && server.in_aggregate) out[i] = exposed_prefix(rules, server.name);
  }
  return out;
}

// Servers choose their own names: none may take calls that are meant for another server, which may be silent
// or hide that tool.
void Catalog::index_own_names(NameRules const& rules) {
  auto const reserved = prefixes(rules);
  auto const& entries = list(ListKind::tools).entries;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    auto const server = entries[i].server;
    auto const* const item = entries[i].item;
    for (auto const& link : item->ui_links) claim(link.uri, server, uris_);
    bool taken = false;
    for (std::size_t other = 0; other < reserved.size() && !taken; ++other) {
      taken = other != server && !reserved[other].empty() && item->key.starts_with(reserved[other]);
    }
    if (taken) continue;
    auto const [known, first] = own_tools_.emplace(item->key, i);
    if (!first) known->second = kSeveral;
  }
}

void Catalog::claim_all(ListKind kind, Owners& owners) {
  std::erase_if(lists_[static_cast<std::size_t>(kind)].entries,
                [&](CatalogEntry const& entry) { return !claim(entry.item->key, entry.server, owners); });
}

// False: somebody else has it, and it cannot be told apart.
bool Catalog::claim(std::string_view uri, std::uint32_t server, Owners& owners) {
  auto const [owner, first] = owners.emplace(uri, server);
  if (first || owner->second == server) return true;
  auto const& name = (*servers_)[server].name;
  bool const apart = !prefixed_uri(uri, name).empty();
  if (apart) {
    auto& contenders = contenders_[owner->first];
    for (std::uint32_t const one : {owner->second, server}) {
      if (one == kSeveral || std::find(contenders.begin(), contenders.end(), one) != contenders.end())
        continue;
      contenders.push_back(one);
      renames_[one] = true;
    }
    owner->second = kSeveral;
  } else if (notes_.size() < kNotesMax) {
    notes_.push_back(std::string(uri) + " of " + std::string(name) + " is left out: it belongs to " +
                     std::string((*servers_)[owner->second].name));
  }
  return apart;
}

// Servers choose their URIs: none may take reads that are meant for another server.
void Catalog::leave_out_lookalikes(ListKind kind) {
  std::erase_if(lists_[static_cast<std::size_t>(kind)].entries, [&](CatalogEntry const& entry) {
    auto const owner = shown_so(entry.item->key);
    if (!owner || owner->server == entry.server) return false;
    if (notes_.size() < kNotesMax) {
      notes_.push_back(entry.item->key + " of " + std::string((*servers_)[entry.server].name) +
                       " is left out: a URI of " + std::string((*servers_)[owner->server].name) +
                       " is shown so");
    }
    return true;
  });
}

void Catalog::compile_templates() {
  for (auto const& entry : list(ListKind::templates).entries) {
    auto compiled = UriTemplate::compile(entry.item->key);
    if (compiled) {
      bool const several = template_texts_.at(entry.item->key) == kSeveral;
      templates_.push_back({std::move(*compiled), entry.server, several});
    } else if (notes_.size() < kNotesMax) {
      notes_.push_back(entry.item->key + " routes nothing: " + compiled.error().detail);
    }
  }
}

void Catalog::hash_list(ListKind kind) {
  auto& merged = lists_[static_cast<std::size_t>(kind)];
  std::uint64_t hash = mixed(kSameInEveryWorker, merged.entries.size());
  for (std::size_t i = 0; i < merged.entries.size(); ++i) {
    auto const& entry = merged.entries[i];
    hash = mixed(mixed(hash, entry.withheld ? 0 : entry.item->hash), exposed(kind, i));
    if (auto const& withheld = (*servers_)[entry.server].withheld; withheld && kind == ListKind::tools) {
      for (auto const& [tenant, names] : withheld->tenants) {
        hash = mixed(mixed(hash, tenant), names.contains(entry.item->key) ? 1 : 0);
      }
    }
    if (renames_[entry.server]) {
      hash = mixed(hash, shown_uri(entry.server, entry.item->key));
      for (auto const& link : entry.item->ui_links) hash = mixed(hash, shown_uri(entry.server, link.uri));
    }
    if (entry.description != nullptr) hash = mixed(hash, *entry.description);
  }
  merged.hash = hash;
}

Catalog::Description Catalog::description_of(std::function<bool(std::uint32_t)> const& chosen) const {
  std::vector<Capabilities const*> declared;
  std::vector<std::pair<std::string_view, std::string_view>> said;
  for (std::uint32_t const index : members_) {
    if (!chosen(index)) continue;
    auto const& server = (*servers_)[index];
    declared.push_back(&server.contents->capabilities);
    said.emplace_back(endpoint_.empty() ? server.name : std::string_view{},
                      server.contents->identity.instructions);
  }
  bool const alone = !endpoint_.empty() && declared.size() == 1;
  auto shown = alone ? *declared.front() : merged(declared);
  bool const translated = !alone || (*servers_)[members_.front()].modern();
  if (!modern_ && translated) shown.extensions = legacy_extensions(shown.extensions);
  return {write_capabilities(shown), merged_instructions(said, instructions_bytes_max_)};
}

std::string_view Catalog::exposed(ListKind kind, std::size_t index) const noexcept {
  if (kind != ListKind::tools && kind != ListKind::prompts) return {};
  return names(kind).exposed(index);
}

CatalogEntry const* Catalog::find(ListKind kind, std::string_view exposed) const {
  auto const index = names(kind).find(exposed);
  return index ? &list(kind).entries[*index] : nullptr;
}

CatalogEntry const* Catalog::find_tool(std::string_view name) const {
  if (auto const* const entry = find(ListKind::tools, name)) return entry;
  auto const own = own_tools_.find(name);
  if (own == own_tools_.end() || own->second == kSeveral) return nullptr;
  return &list(ListKind::tools).entries[own->second];
}

std::optional<std::uint32_t> Catalog::stated_owner(std::string_view uri) const {
  if (auto const listed = uris_.find(uri); listed != uris_.end()) return listed->second;
  if (auto const server = whose_skill(uri)) return server;
  for (auto const& candidate : templates_) {
    if (candidate.matcher.matches(uri)) return candidate.owner();
  }
  return std::nullopt;
}

std::optional<UriOwner> Catalog::find_uri(std::string_view uri) const {
  if (auto shown = shown_so(uri)) return shown;
  auto const stated = stated_owner(uri);
  if (stated == kSeveral) return std::nullopt;
  if (stated) return UriOwner{*stated, std::string(uri)};
  if (auto named = by_prefix(uri)) return named;  // nobody's as it is: what came with one that is shown so
  if (only_with_resources_) return UriOwner{*only_with_resources_, std::string(uri), true};
  return std::nullopt;
}

std::optional<UriOwner> Catalog::find_reference(std::string_view uri_or_template) const {
  if (auto shown = shown_so(uri_or_template)) return shown;
  auto const text = template_texts_.find(uri_or_template);
  if (text != template_texts_.end() && text->second != kSeveral)
    return UriOwner{text->second, std::string(uri_or_template)};
  return find_uri(uri_or_template);
}

std::optional<UriOwner> Catalog::by_prefix(std::string_view uri) const {
  for (std::uint32_t const index : members_) {
    if (!renames_[index]) continue;
    auto own = unprefixed_uri(uri, (*servers_)[index].name);
    if (!own.empty()) return UriOwner{index, std::move(own)};
  }
  return std::nullopt;
}

// One of its URIs is shown like that.
std::optional<UriOwner> Catalog::shown_so(std::string_view uri) const {
  auto named = by_prefix(uri);
  if (!named) return std::nullopt;
  bool const shown =
      has_skill(named->server, named->own) || (contested(named->own) && contends(named->server, named->own));
  return shown ? std::move(named) : std::nullopt;
}

std::optional<std::uint32_t> Catalog::whose_skill(std::string_view uri) const {
  std::optional<std::uint32_t> owner;
  for (auto const& entry : list(ListKind::skills).entries) {
    if (!covers(entry.item->key, uri)) continue;
    if (owner && *owner != entry.server) return kSeveral;
    owner = entry.server;
  }
  return owner;
}

bool Catalog::has_skill(std::uint32_t server, std::string_view uri) const {
  auto const& entries = list(ListKind::skills).entries;
  return std::any_of(entries.begin(), entries.end(), [&](CatalogEntry const& entry) {
    return entry.server == server && covers(entry.item->key, uri);
  });
}

// Whether several servers could be meant by it. What nobody lists and no template makes is nobody's to
// rename: it may be a page of the web.
bool Catalog::contested(std::string_view own) const {
  if (auto const listed = uris_.find(own); listed != uris_.end()) return listed->second == kSeveral;
  if (auto const text = template_texts_.find(own); text != template_texts_.end())
    return text->second == kSeveral;
  for (auto const& candidate : templates_) {
    if (candidate.matcher.matches(own)) return candidate.several;
  }
  return false;
}

// Whether it is one of those that have what is contested.
bool Catalog::contends(std::uint32_t server, std::string_view own) const {
  auto const known = contenders_.find(own);
  if (known != contenders_.end() &&
      std::find(known->second.begin(), known->second.end(), server) != known->second.end())
    return true;
  return std::any_of(templates_.begin(), templates_.end(), [&](Compiled const& candidate) {
    return candidate.server == server && candidate.matcher.matches(own);
  });
}

// What would be taken for a URI with a prefix gets one more, as what several servers have does.
std::string Catalog::shown_uri(std::uint32_t server, std::string_view own) const {
  if (!renames_[server]) return std::string(own);
  if (contested(own)) return set_apart(server, own);
  auto const found = is_of_the_web(own) ? std::nullopt : find_reference(own);
  return found && found->own != own ? set_apart(server, own) : std::string(own);
}

std::string Catalog::prefixed(std::uint32_t server, std::string_view own) const {
  auto shown = set_apart(server, own);
  auto const found = find_uri(shown);
  return found && found->server == server && found->own == own ? shown : shown_uri(server, own);
}

std::string Catalog::set_apart(std::uint32_t server, std::string_view own) const {
  auto shown = prefixed_uri(own, (*servers_)[server].name);
  return shown.empty() ? std::string(own) : shown;
}

}  // namespace weir::router
