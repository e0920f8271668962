// EventLog: the latest events of one client's streams, for a client that comes back (P048).
//
// A brain, under the lock of its Outbox. Streams have numbers, events count from 1 within their stream; both
// stand in the id that the client sees. The oldest events go first when there are too many bytes; an event
// costs its text and kEventCost. At most kEndedMax streams that have ended are remembered.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace weir::session {

class EventLog {
 public:
  static constexpr std::size_t kEventCost = 96;
  static constexpr std::size_t kEndedMax = 64;
  using Stream = std::uint32_t;
  using Seq = std::uint32_t;

  Stream open();
  Seq append(Stream stream, std::string json, base::TimePoint now);  // 0: no such stream
  void end(Stream stream);

  // Whether `seq` is an event of the stream, or its beginning (0), and everything after it is still here.
  bool complete_after(Stream stream, Seq seq) const;
  std::string const* at(Stream stream, Seq seq) const;  // null: not here
  Seq last(Stream stream) const;
  bool ended(Stream stream) const;  // also when it is forgotten

  // Forgets events of `born` and before, and the oldest ones above `bytes_max`; never one for which
  // `wanted(stream, seq)` is true, nor what comes after it on its stream.
  template <class Wanted>
  void trim(base::TimePoint born, std::size_t bytes_max, Wanted wanted);
  void forget_through(Stream stream, Seq seq);  // the stream's events up to this one
  Seq first(Stream stream) const;               // of those that are here; one after the last when none is
  std::size_t bytes() const noexcept { return bytes_; }
  base::TimePoint oldest() const;  // max when empty

 private:
  struct Event {
    base::TimePoint at;
    std::string json;
  };
  struct Lane {
    Stream number = 0;
    Seq last = 0;
    bool ended = false;
    std::deque<Event> events{};
    Seq first() const noexcept { return last - static_cast<Seq>(events.size()) + 1; }
  };
  Lane const* find(Stream stream) const;
  Lane* find(Stream stream) { return const_cast<Lane*>(std::as_const(*this).find(stream)); }
  void drop_first(Lane& lane);

  std::vector<Lane> lanes_;
  Stream next_ = 1;
  std::size_t bytes_ = 0;
};

template <class Wanted>
void EventLog::trim(base::TimePoint born, std::size_t bytes_max, Wanted wanted) {
  if (bytes_ <= bytes_max && oldest() > born) return;
  for (;;) {
    Lane* oldest = nullptr;
    for (Lane& lane : lanes_) {
      if (lane.events.empty()) continue;
      if (oldest != nullptr && lane.events.front().at >= oldest->events.front().at) continue;
      if (!wanted(lane.number, lane.first())) oldest = &lane;
    }
    if (oldest == nullptr || (bytes_ <= bytes_max && oldest->events.front().at > born)) return;
    drop_first(*oldest);
    if (oldest->ended && oldest->events.empty()) lanes_.erase(lanes_.begin() + (oldest - lanes_.data()));
  }
}

}  // namespace weir::session
