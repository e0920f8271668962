#include "session/event_log.hpp"

#include <algorithm>
#include <utility>

namespace weir::session {

EventLog::Lane const* EventLog::find(Stream stream) const {
  auto const found =
      std::find_if(lanes_.begin(), lanes_.end(), [&](Lane const& lane) { return lane.number == stream; });
  return found == lanes_.end() ? nullptr : &*found;
}

EventLog::Stream EventLog::open() {
  lanes_.push_back(Lane{next_});
  return next_++;
}

EventLog::Seq EventLog::append(Stream stream, std::string json, base::TimePoint now) {
  Lane* const lane = find(stream);
  if (lane == nullptr || lane->ended) return 0;
  bytes_ += json.size() + kEventCost;
  lane->events.push_back({now, std::move(json)});
  return ++lane->last;
}

void EventLog::end(Stream stream) {
  if (Lane* const lane = find(stream)) lane->ended = true;
  auto const over = [](Lane const& lane) { return lane.ended; };
  if (static_cast<std::size_t>(std::count_if(lanes_.begin(), lanes_.end(), over)) <= kEndedMax) return;
  auto const first = std::find_if(lanes_.begin(), lanes_.end(), over);
  while (!first->events.empty()) drop_first(*first);
  lanes_.erase(first);
}

bool EventLog::complete_after(Stream stream, Seq seq) const {
  Lane const* const lane = find(stream);
  return lane != nullptr && seq <= lane->last && seq + 1 >= lane->first();
}

std::string const* EventLog::at(Stream stream, Seq seq) const {
  Lane const* const lane = find(stream);
  if (lane == nullptr || seq > lane->last || seq < lane->first()) return nullptr;
  return &lane->events[seq - lane->first()].json;
}

EventLog::Seq EventLog::last(Stream stream) const {
  Lane const* const lane = find(stream);
  return lane == nullptr ? 0 : lane->last;
}

bool EventLog::ended(Stream stream) const {
  Lane const* const lane = find(stream);
  return lane == nullptr || lane->ended;
}

EventLog::Seq EventLog::first(Stream stream) const {
  Lane const* const lane = find(stream);
  return lane == nullptr ? 1 : lane->first();
}

void EventLog::drop_first(Lane& lane) {
  bytes_ -= lane.events.front().json.size() + kEventCost;
  lane.events.pop_front();
}

void EventLog::forget_through(Stream stream, Seq seq) {
  Lane* const lane = find(stream);
  while (lane != nullptr && !lane->events.empty() && lane->first() <= seq) drop_first(*lane);
}

base::TimePoint EventLog::oldest() const {
  auto found = base::TimePoint::max();
  for (Lane const& lane : lanes_)
    if (!lane.events.empty()) found = std::min(found, lane.events.front().at);
  return found;
}

}  // namespace weir::session
