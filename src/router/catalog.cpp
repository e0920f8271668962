#include "router/catalog.hpp"

#include <algorithm>
#include <utility>

namespace weir::router {
namespace {

constexpr std::uint64_t kSameInEveryWorker = 0;
constexpr std::size_t kNotesMax = 100;

std::uint64_t mixed(std::uint64_t hash, std::string_view bytes) noexcept { return base::hash64(bytes, hash); }

std::uint64_t mixed(std::uint64_t hash, std::uint64_t more) noexcept {
  return base::hash64({reinterpret_cast<char const*>(&more), sizeof more}, hash);
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
      template_texts_(0, SeededHash{options.seed}) {
  choose_members();
  for (ListKind const kind : kListKinds) gather(kind);
  name_entries(options, ListKind::tools);
  name_entries(options, ListKind::prompts);
  keep_first(ListKind::resources, uris_);
  keep_first(ListKind::templates, template_texts_);
  compile_templates();
  for (ListKind const kind : kListKinds) hash_list(kind);
  describe(options);
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
    merged.shareable = merged.shareable && list->shareable();
    for (Item const& item : list->items()) {
      if (kind == ListKind::tools && server.rules.hides(item.key)) continue;
      if (modern_ && item.task_required) continue;  // P086
      auto const* text = kind == ListKind::tools ? server.rules.shown_description(item.key) : nullptr;
      merged.entries.push_back({index, &item, text});
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

void Catalog::keep_first(ListKind kind, Owners& owners) {
  auto& entries = lists_[static_cast<std::size_t>(kind)].entries;
  std::erase_if(entries, [&](CatalogEntry const& entry) {
    auto const [owner, first] = owners.emplace(entry.item->key, entry.server);
    if (!first && notes_.size() < kNotesMax) {
      notes_.push_back(entry.item->key + " of " + std::string((*servers_)[entry.server].name) +
                       " is left out: it belongs to " + std::string((*servers_)[owner->second].name));
    }
    return !first;
  });
}

void Catalog::compile_templates() {
  for (auto const& entry : list(ListKind::templates).entries) {
    auto compiled = UriTemplate::compile(entry.item->key);
    if (compiled) {
      templates_.push_back({std::move(*compiled), entry.server});
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
    hash = mixed(mixed(hash, entry.item->hash), exposed(kind, i));
    if (entry.description != nullptr) hash = mixed(hash, *entry.description);
  }
  merged.hash = hash;
}

void Catalog::describe(CatalogOptions const& options) {
  std::vector<Capabilities const*> declared;
  std::vector<std::pair<std::string_view, std::string_view>> said;
  for (std::uint32_t const index : members_) {
    auto const& server = (*servers_)[index];
    declared.push_back(&server.contents->capabilities);
    said.emplace_back(endpoint_.empty() ? server.name : std::string_view{},
                      server.contents->identity.instructions);
  }
  bool const alone = !endpoint_.empty() && declared.size() == 1;
  auto shown = alone ? *declared.front() : merged(declared);
  bool const translated = !alone || (*servers_)[members_.front()].modern();
  if (!modern_ && translated) shown.extensions = legacy_extensions(shown.extensions);
  capabilities_ = write_capabilities(shown);
  instructions_ = merged_instructions(said, options.instructions_bytes_max);
}

std::string_view Catalog::exposed(ListKind kind, std::size_t index) const noexcept {
  if (kind != ListKind::tools && kind != ListKind::prompts) return {};
  return names(kind).exposed(index);
}

CatalogEntry const* Catalog::find(ListKind kind, std::string_view exposed) const {
  auto const index = names(kind).find(exposed);
  return index ? &list(kind).entries[*index] : nullptr;
}

std::optional<std::uint32_t> Catalog::owner_of_uri(std::string_view uri) const {
  if (auto const listed = uris_.find(uri); listed != uris_.end()) return listed->second;
  for (auto const& candidate : templates_) {
    if (candidate.matcher.matches(uri)) return candidate.server;
  }
  return only_with_resources_;
}

std::optional<std::uint32_t> Catalog::owner_of_reference(std::string_view uri_or_template) const {
  if (auto const text = template_texts_.find(uri_or_template); text != template_texts_.end())
    return text->second;
  return owner_of_uri(uri_or_template);
}

}  // namespace weir::router
