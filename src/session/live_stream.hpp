// LiveStream: one open event stream to a client, counted in every state it passes.
//
// Owned by the task that writes the stream; begin_close() from any thread. It counts on the transition that
// took place, so each stream is in one state at a time however many threads close it.
#pragma once

#include "observe/metrics.hpp"
#include "session/stream_life.hpp"

namespace weir::session {

class LiveStream {
 public:
  explicit LiveStream(observe::StreamMetrics const& metrics) : metrics_(metrics) {
    metrics_.connecting.add(1);
    metrics_.events.add("connecting");
  }
  LiveStream(LiveStream const&) = delete;
  LiveStream& operator=(LiveStream const&) = delete;
  ~LiveStream() {
    begin_close(StreamEnd::done);
    if (!life_.finish()) return;
    metrics_.closing.add(-1);
    metrics_.open.add(-1);
    metrics_.events.add("closed");
  }

  bool activate() {
    if (!life_.activate()) return false;
    metrics_.connecting.add(-1);
    metrics_.active.add(1);
    metrics_.open.add(1);
    metrics_.events.add("active");
    return true;
  }
  bool begin_close(StreamEnd why) {
    StreamState const was = life_.begin_close(why);
    if (was == StreamState::closed) return false;
    (was == StreamState::active ? metrics_.active : metrics_.connecting).add(-1);
    if (was == StreamState::connecting) metrics_.open.add(1);  // taken back at the end
    metrics_.closing.add(1);
    metrics_.closed.add(name_of(why));
    if (why == StreamEnd::stale) metrics_.events.add("stale");
    return true;
  }
  bool open() const noexcept { return life_.state() < StreamState::closing; }
  StreamEnd why() const noexcept { return life_.why(); }

 private:
  observe::StreamMetrics const& metrics_;
  StreamLife life_;
};

}  // namespace weir::session
