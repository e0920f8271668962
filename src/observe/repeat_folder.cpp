#include "observe/internal/repeat_folder.hpp"

#include <algorithm>
#include <utility>

namespace weir::observe {

bool RepeatFolder::admit(base::TimePoint now, Level level, std::string_view event, std::string_view msg,
                         std::string_view server) {
  for (Window& window : windows_) {
    Summary& summary = window.summary;
    if (summary.msg != msg || summary.event != event || summary.server != server) continue;
    if (now < window.ends) {
      ++summary.repeats;
      return false;
    }
    if (summary.repeats > 0) return true;  // its summary is due first
    window.ends = now + window_;
    return true;
  }
  if (windows_.size() == kWindowsMax)
    std::erase_if(windows_,
                  [now](Window const& window) { return now >= window.ends && window.summary.repeats == 0; });
  if (windows_.size() == kWindowsMax) return true;
  windows_.push_back({now + window_, {level, std::string(event), std::string(msg), std::string(server), 0}});
  return true;
}

std::vector<RepeatFolder::Summary> RepeatFolder::take_due(base::TimePoint now) {
  std::vector<Summary> due;
  std::erase_if(windows_, [&](Window& window) {
    if (now < window.ends) return false;
    if (window.summary.repeats > 0) due.push_back(std::move(window.summary));
    return true;
  });
  return due;
}

std::vector<RepeatFolder::Summary> RepeatFolder::take_all() { return take_due(base::TimePoint::max()); }

bool RepeatFolder::counting() const noexcept {
  return std::any_of(windows_.begin(), windows_.end(),
                     [](Window const& window) { return window.summary.repeats > 0; });
}

}  // namespace weir::observe
