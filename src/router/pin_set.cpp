#include "router/pin_set.hpp"

#include <utility>

namespace weir::router {

bool PinSet::put(std::string const& tool, Pin pin) {
  forget(tool);
  if (pins_.size() >= limits_.pins || tool.size() > limits_.kept_bytes - kept_) return false;
  kept_ += tool.size();
  bool const fits = pin.definition.size() <= limits_.definition_bytes &&
                    pin.definition.size() <= limits_.kept_bytes - kept_;
  if (!fits) pin.definition.clear();
  kept_ += pin.definition.size();
  pins_.emplace(tool, std::move(pin));
  return true;
}

void PinSet::forget(std::string_view tool) {
  auto const at = pins_.find(tool);
  if (at == pins_.end()) return;
  kept_ -= at->first.size() + at->second.definition.size();
  pins_.erase(at);
}

void PinSet::clear() {
  pins_.clear();
  kept_ = 0;
}

Pin const* PinSet::find(std::string_view tool) const noexcept {
  auto const found = pins_.find(tool);
  return found == pins_.end() ? nullptr : &found->second;
}

}  // namespace weir::router
