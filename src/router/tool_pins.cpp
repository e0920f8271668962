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

bool ToolPins::has_room_for(std::string_view tool) const noexcept {
  return pins_.size() < limits_.pins && tool.size() <= limits_.kept_bytes - kept_;
}

void ToolPins::restore(std::string tool, Pin pin) {
  if (!has_room_for(tool) || pins_.contains(tool)) return;
  kept_ += tool.size();
  bool const fits = pin.definition.size() <= limits_.definition_bytes &&
                    pin.definition.size() <= limits_.kept_bytes - kept_;
  if (!fits) pin.definition.clear();
  kept_ += pin.definition.size();
  pins_.emplace(std::move(tool), std::move(pin));
}

Pin const* ToolPins::find(std::string_view tool) const noexcept {
  auto const found = pins_.find(tool);
  return found == pins_.end() ? nullptr : &found->second;
}

void ToolPins::forget(std::map<std::string, Pin, std::less<>>::iterator at) {
  kept_ -= at->first.size() + at->second.definition.size();
  pins_.erase(at);
}

// False: there is no room.
bool ToolPins::put(std::string const& tool, std::string definition, std::string hash, bool approved) {
  if (auto const known = pins_.find(tool); known != pins_.end()) forget(known);
  if (!has_room_for(tool)) return false;
  restore(tool, Pin{std::move(hash), std::move(definition), approved});
  return true;
}

// False: there is a finding.
bool ToolPins::inspect(Item const& item, Seen& seen) {
  auto definition = definition_of(tools_->bytes_of(item));
  ToolFinding now{item.key, ToolFinding::Kind::hidden, hidden_in_definition(definition),
                  definition_hash(definition)};
  auto const* const pin = find(item.key);
  if (pin == nullptr) {
    if (put(item.key, std::move(definition), now.hash, false)) {
      seen.pinned.push_back(item.key);
    } else {
      now.kind = ToolFinding::Kind::unpinned;
    }
  } else if (pin->hash != now.hash) {
    now.kind = ToolFinding::Kind::changed;
  } else if (pin->approved) {
    return true;
  }
  if (now.kind == ToolFinding::Kind::hidden && now.hidden == Hidden::none) return true;
  findings_.push_back(std::move(now));
  return false;
}

ToolPins::Seen ToolPins::look(std::shared_ptr<ItemList const> tools) {
  if (tools == tools_) return {};
  tools_ = std::move(tools);
  return look_again();
}

ToolPins::Seen ToolPins::look_again() {
  Seen seen;
  auto const before = std::exchange(findings_, {});
  auto suspects = std::make_shared<ToolNames>();
  if (tools_) {
    for (auto const& item : tools_->items()) {
      if (!inspect(item, seen)) suspects->insert(item.key);
    }
  }
  std::map<std::string_view, ToolFinding const*> known;
  for (auto const& finding : before) known.emplace(finding.tool, &finding);
  for (auto const& finding : findings_) {
    auto const found = known.find(finding.tool);
    if (found == known.end() || *found->second != finding) seen.news.push_back(finding);
  }
  suspects_ = suspects->empty() ? nullptr : std::move(suspects);
  return seen;
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
    return "! " + std::to_string(pins_.size()) +
           " tools of this server are pinned; there is no room for more\n";
  }
  auto const now = definition_now(finding.tool);
  if (now.size() > limits_.definition_bytes) {
    return "! it says " + std::to_string(now.size()) + " bytes, too much to be shown\n";
  }
  std::string out;
  if (finding.kind == ToolFinding::Kind::changed) {
    auto const* const pin = find(finding.tool);
    out = pin == nullptr || pin->definition.empty() ? "! what it said before was too long to be kept\n"
                                                    : definition_diff(pin->definition, now);
  }
  if (finding.hidden != Hidden::none) out += hidden_lines(now);
  return out;
}

std::vector<std::string> ToolPins::accept(std::string_view tool) {
  auto definition = definition_now(tool);
  if (definition.empty()) return {};
  auto hash = definition_hash(definition);
  std::string const name(tool);
  if (!put(name, std::move(definition), std::move(hash), true)) return {};
  look_again();
  return {name};
}

std::vector<std::string> ToolPins::accept_all() {
  std::vector<std::string> out;
  if (!tools_) return out;
  pins_.clear();
  kept_ = 0;
  for (auto const& item : tools_->items()) {
    auto definition = definition_of(tools_->bytes_of(item));
    auto hash = definition_hash(definition);
    if (put(item.key, std::move(definition), std::move(hash), true)) out.push_back(item.key);
  }
  look_again();
  return out;
}

}  // namespace weir::router
