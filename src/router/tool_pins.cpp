#include "router/tool_pins.hpp"

#include <algorithm>
#include <utility>

namespace weir::router {

std::string_view name_of(ToolFinding::Kind kind) noexcept {
  switch (kind) {
    case ToolFinding::Kind::changed: return "changed";
    case ToolFinding::Kind::hidden: return "hidden";
    case ToolFinding::Kind::unpinned: return "unpinned";
  }
  return "changed";
}

bool SuspectTools::holds(std::string_view tool, std::string_view tenant) const {
  auto const own = tenants.find(tenant);
  return (own == tenants.end() ? general : own->second).contains(std::string(tool));
}

PinSet* ToolPins::set_of(std::string const& tenant) {
  if (tenant.empty()) return &pins_;
  if (auto const found = tenants_.find(tenant); found != tenants_.end()) return &found->second;
  if (tenants_.size() >= tenant_limits_.tenants) return nullptr;
  return &tenants_.emplace(tenant, PinSet(tenant_limits_.each)).first->second;
}

void ToolPins::drop_empty_tenants() {
  std::erase_if(tenants_, [](auto const& one) { return one.second.all().empty(); });
}

void ToolPins::restore(std::string const& tool, Pin pin, std::string const& tenant) {
  auto* const set = set_of(tenant);
  if (set != nullptr && set->find(tool) == nullptr) set->put(tool, std::move(pin));
  drop_empty_tenants();
}

Pin const* ToolPins::find(std::string_view tool, std::string_view tenant) const noexcept {
  if (tenant.empty()) return pins_.find(tool);
  auto const found = tenants_.find(tenant);
  return found == tenants_.end() ? nullptr : found->second.find(tool);
}

// By a person. False: there is no room.
bool ToolPins::put(std::string const& tool, std::string definition, std::string const& tenant) {
  auto* const set = set_of(tenant);
  auto hash = definition_hash(definition);
  return set != nullptr && set->put(tool, Pin{std::move(hash), std::move(definition), true});
}

// Against the pin of all, which is made at the first sight. False: `now` is a finding.
bool ToolPins::is_as_pinned(ToolFinding& now, std::string& definition, Seen& seen) {
  auto const* const pin = pins_.find(now.tool);
  if (pin == nullptr) {
    if (pins_.put(now.tool, Pin{now.hash, std::move(definition), false})) {
      seen.pinned.push_back(now.tool);
    } else {
      now.kind = ToolFinding::Kind::unpinned;
    }
  } else if (pin->hash != now.hash) {
    now.kind = ToolFinding::Kind::changed;
  } else if (pin->approved) {
    return true;
  }
  return now.kind == ToolFinding::Kind::hidden && now.hidden == Hidden::none;
}

void ToolPins::inspect(Item const& item, Seen& seen, SuspectTools& suspects) {
  auto definition = definition_of(tools_->bytes_of(item));
  ToolFinding now{item.key, ToolFinding::Kind::hidden, hidden_in_definition(definition),
                  definition_hash(definition)};
  bool const as_pinned = is_as_pinned(now, definition, seen);
  if (!as_pinned) {
    findings_.push_back(now);
    suspects.general.insert(item.key);
  }
  for (auto const& [tenant, set] : tenants_) {
    auto const* const pin = set.find(item.key);
    if (pin == nullptr ? as_pinned : pin->hash == now.hash) continue;
    suspects.tenants[tenant].insert(item.key);
    if (pin != nullptr) {
      findings_.push_back({item.key, ToolFinding::Kind::changed, now.hidden, now.hash, tenant});
    }
  }
}

ToolPins::Seen ToolPins::look(std::shared_ptr<ItemList const> tools) {
  if (tools == tools_) return {};
  tools_ = std::move(tools);
  return look_again();
}

ToolPins::Seen ToolPins::look_again() {
  Seen seen;
  auto const before = std::exchange(findings_, {});
  auto suspects = std::make_shared<SuspectTools>();
  if (tools_) {
    for (auto const& [tenant, set] : tenants_) suspects->tenants[tenant];
    for (auto const& item : tools_->items()) inspect(item, seen, *suspects);
  }
  using Key = std::pair<std::string_view, std::string_view>;
  std::map<Key, ToolFinding const*> known;
  for (auto const& finding : before) known.emplace(Key{finding.tool, finding.tenant}, &finding);
  for (auto const& finding : findings_) {
    auto const found = known.find(Key{finding.tool, finding.tenant});
    if (found == known.end() || *found->second != finding) seen.news.push_back(finding);
  }
  suspects_ = findings_.empty() ? nullptr : std::move(suspects);
  return seen;
}

std::size_t ToolPins::suspect_tools() const {
  std::unordered_set<std::string_view> names;
  for (auto const& finding : findings_) names.insert(finding.tool);
  return names.size();
}

std::string ToolPins::definition_now(std::string_view tool) const {
  if (!tools_) return {};
  auto const& items = tools_->items();
  auto const found =
      std::find_if(items.begin(), items.end(), [&](Item const& item) { return item.key == tool; });
  return found == items.end() ? std::string() : definition_of(tools_->bytes_of(*found));
}

std::string ToolPins::explain(ToolFinding const& finding) const {
  if (finding.kind == ToolFinding::Kind::unpinned) {
    return "! " + std::to_string(pins().size()) +
           " tools of this server are pinned; there is no room for more\n";
  }
  auto const now = definition_now(finding.tool);
  if (now.size() > limits_.definition_bytes) {
    return "! it says " + std::to_string(now.size()) + " bytes, too much to be shown\n";
  }
  std::string out;
  if (finding.kind == ToolFinding::Kind::changed) {
    auto const* const pin = find(finding.tool, finding.tenant);
    out = pin == nullptr || pin->definition.empty() ? "! what it said before was too long to be kept\n"
                                                    : definition_diff(pin->definition, now);
  }
  if (finding.hidden != Hidden::none) out += hidden_lines(now);
  return out;
}

std::vector<std::string> ToolPins::named(std::string_view text) const {
  std::vector<std::string> out;
  if (!tools_) return out;
  for (auto const& item : tools_->items()) {
    if (item.key == text || shown_name(item.key) == text) out.push_back(item.key);
  }
  return out;
}

std::vector<std::string> ToolPins::accept(std::string_view tool, std::string const& tenant) {
  auto definition = definition_now(tool);
  if (definition.empty()) return {};
  std::string const name(tool);
  bool const done = put(name, std::move(definition), tenant);
  if (done && tenant.empty()) {
    for (auto& [other, set] : tenants_) set.forget(name);
  }
  drop_empty_tenants();
  look_again();
  if (!done) return {};
  return {name};
}

std::vector<std::string> ToolPins::accept_all(std::string const& tenant) {
  std::vector<std::string> out;
  if (!tools_ || tools_->items().empty()) return out;
  if (auto* const set = set_of(tenant)) set->clear();
  if (tenant.empty()) tenants_.clear();
  for (auto const& item : tools_->items()) {
    if (put(item.key, definition_of(tools_->bytes_of(item)), tenant)) out.push_back(item.key);
  }
  drop_empty_tenants();
  look_again();
  return out;
}

}  // namespace weir::router
