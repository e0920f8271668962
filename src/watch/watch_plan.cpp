#include "watch/watch_plan.hpp"

#include <algorithm>
#include <utility>

namespace weir::watch {

WatchPlan::Steps WatchPlan::next(std::vector<std::string> const& wanted) {
  Steps steps;
  for (auto at = marks_.begin(); at != marks_.end();) {
    if (std::binary_search(wanted.begin(), wanted.end(), at->first)) {
      ++at;
    } else if (at->second.hold == Hold::held) {
      steps.unsubscribe.push_back((at++)->first);
    } else {
      at = marks_.erase(at);
    }
  }
  for (auto const& uri : wanted) {
    auto const* const mark = find(uri);
    if (mark == nullptr || mark->hold == Hold::due) steps.subscribe.push_back(uri);
  }
  return steps;
}

WatchPlan::Mark const* WatchPlan::find(std::string_view uri) const {
  auto const found = marks_.find(uri);
  return found == marks_.end() ? nullptr : &found->second;
}

bool WatchPlan::held(std::string const& uri) {
  auto& mark = marks_[uri];
  mark.hold = Hold::held;
  return std::exchange(mark.missed, false);
}

void WatchPlan::refused(std::string const& uri, Refusal refusal) {
  auto& mark = marks_[uri];
  mark.hold = Hold::refused;
  mark.refusal = std::move(refusal);
}

void WatchPlan::failed(std::string const& uri, base::Error error) {
  auto& mark = marks_[uri];
  mark.hold = Hold::failed;
  mark.missed = true;
  mark.error = std::move(error);
}

void WatchPlan::ask_anew(std::string_view uri) {
  auto const found = marks_.find(uri);
  if (found != marks_.end() && found->second.hold != Hold::held) found->second.hold = Hold::due;
}

bool WatchPlan::lost(base::Error const& because) {
  bool any = false;
  for (auto& [uri, mark] : marks_) {
    if (mark.hold != Hold::held && mark.hold != Hold::refused) continue;
    any = true;
    failed(uri, because);
  }
  return any;
}

void WatchPlan::forgive() {
  for (auto& [uri, mark] : marks_) {
    if (mark.hold == Hold::failed) mark.hold = Hold::due;
  }
}

}  // namespace weir::watch
