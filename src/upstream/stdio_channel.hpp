// StdioChannel: which request each line from a child belongs to.
//
// One per running child; one thread. A Flight lives in the frame of whoever awaits its answer and is in the
// table from enroll() until its answer, leave() or fail_all(). Ids are ours, unique for the child's life
// (P084), and serve as progress tokens. Answers nobody waits for are counted and dropped: late (the id was
// ours once) or foreign. Bounds: in_flight_max requests; per request notes_max notifications and about
// note_bytes_max bytes that its client has not taken yet. Whoever reads the child may wait for room(); what
// comes while there is none is dropped, counted.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.hpp"
#include "base/sync.hpp"
#include "mcp/message.hpp"
#include "upstream/note_relay.hpp"

namespace weir::upstream {

struct Flight {
  explicit Flight(base::Scheduler& scheduler, NoteRelay relay_notes = {},
                  core::Call const* of = nullptr) noexcept
      : call(of), relay(std::move(relay_notes)), news(scheduler) {}
  core::Call const* call;  // null for the gateway's own requests

  std::uint64_t id = 0;  // set by enroll()
  NoteRelay relay;
  bool listens = false;                              // a subscription: its notes are whole messages
  bool sent = false;                                 // its line has been handed to the child's stdin
  std::optional<base::Result<mcp::Message>> answer;  // a response as received, or why there is none
  base::Event news;                                  // a notification or the answer has come

 private:
  friend class StdioChannel;
  std::deque<std::string> notes_;       // ready for the client
  std::deque<mcp::Message> questions_;  // of the server, for the client
  std::size_t note_bytes_ = 0;
  bool lagging_ = false;  // lost a notification; gets none until half of its places are free
};

class StdioChannel {
 public:
  struct Limits {
    std::size_t in_flight_max = 1024;
    std::size_t notes_max = 64;
    std::size_t note_bytes_max = 256 * 1024;
    std::size_t questions_max = 16;  // that nobody has asked yet
  };
  struct Counters {
    std::uint64_t late = 0;
    std::uint64_t foreign = 0;        // answers to ids that were never ours, or without id
    std::uint64_t notes_dropped = 0;  // for want of room
    std::uint64_t refused = 0;        // requests of the server that were not served
  };
  struct Step {
    enum class Kind { done, reply, announced } kind = Kind::done;
    std::string reply;                      // one line without newline, for the child
    std::optional<mcp::Message> announced;  // a notification for whoever wants to know
  };

  StdioChannel(base::Scheduler& scheduler, Limits limits) noexcept : limits_(limits), room_(scheduler) {}

  // A modern server may not send requests; they are dropped (P055).
  void speak_modern() noexcept { modern_ = true; }

  base::Result<void> enroll(Flight& flight);  // errors: busy; or the reason given to fail_all()
  bool leave(Flight& flight) noexcept;        // true if its answer was still due

  // Whether accepting the message now would drop it. Waiting for room() may help; reset it first.
  bool full_for(mcp::Message const& message);
  base::Event& room() noexcept { return room_; }
  Step accept(mcp::Message message);

  std::optional<std::string> next_note(Flight& flight);
  std::optional<mcp::Message> next_question(Flight& flight);
  void fail(std::uint64_t id, base::Error error);  // that one request, if it is in flight
  void fail_all(base::Error error);                // the child is gone: these and all that follow
  std::size_t in_flight() const noexcept { return flights_.size(); }
  Counters const& counters() const noexcept { return counters_; }

 private:
  Flight* addressee_of(mcp::Message const& note);
  bool has_room(Flight const& flight) const noexcept {
    return flight.notes_.size() < limits_.notes_max && flight.note_bytes_ < limits_.note_bytes_max;
  }
  static std::optional<std::string> shown(Flight& flight, mcp::Message note);
  Step on_notification(mcp::Message note);
  Step on_request(mcp::Message request);
  Flight* client_to_ask(mcp::Message const& request);
  void on_answer(mcp::Message message);

  Limits limits_;
  base::Event room_;
  std::unordered_map<std::uint64_t, Flight*> flights_;
  std::uint64_t next_id_ = 1;
  bool modern_ = false;
  std::optional<base::Error> over_;
  Counters counters_;
};

}  // namespace weir::upstream
