// Outbox: everything that goes to one client on event streams: events, who reads which stream, replay.
//
// One per session; any thread. Stream 1 is the client's own (GET), the others belong to calls. Each stream
// has one reader at a time, a connection on some worker; a newer one takes its place and the older one can
// take nothing back (F-65, P047). What a reader has not read yet stays until it has; one that falls more than
// buffer_bytes behind is closed (F-62), but a single event always fits. What was read, or has no reader,
// stays for replay within the limits of the shelf.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/sync.hpp"
#include "core/client_inbox.hpp"
#include "session/event_log.hpp"
#include "session/live_stream.hpp"
#include "session/replay_shelf.hpp"

namespace weir::session {

class Outbox final : public core::ClientInbox, public std::enable_shared_from_this<Outbox> {
 public:
  // A connection that reads one stream. Its owner holds it and looks at it when `news` is set.
  struct Reader {
    Reader(base::Scheduler& s, observe::StreamMetrics const& metrics) : home(s), news(s), live(metrics) {}
    base::Scheduler& home;
    base::Event news;  // used at home: there are events, or `live` is closing
    LiveStream live;
    EventLog::Stream stream = 0;  // what follows is the outbox's
    EventLog::Seq seen = 0;
    std::size_t unread = 0;
    bool direct = false;  // writes its events itself, as they are appended
  };
  using Reading = std::shared_ptr<Reader>;
  struct Event {
    std::string id;  // "<stream>.<seq>"
    std::string json;
  };

  explicit Outbox(std::shared_ptr<ReplayShelf> shelf);
  ~Outbox() override;

  bool post(std::string notification, base::TimePoint now) override;
  bool over() const override;

  // The stream of a call: `reader` writes what append() returns. Empty: the session is over.
  bool open(Reading reader);
  bool resumable() const { return shelf_->limits().replay_bytes > 0; }
  // Nothing: the reader was replaced or closed; the event is kept for whoever reads on.
  std::optional<std::string> append(Reader& reader, std::string json, base::TimePoint now);  // its id
  void end(Reader const& reader);  // nothing more comes on its stream

  // The client's own stream, from what it has not been sent yet. False: the session is over.
  bool attach(Reading reader);
  // Any stream, after the event that `last_id` names. False: that is not possible (any more).
  bool resume(Reading reader, std::string_view last_id, base::TimePoint now);
  std::optional<Event> next(Reader& reader);
  bool finished(Reader const& reader) const;         // it has read everything, and nothing more comes
  std::string position(Reader const& reader) const;  // id of the last event that it has
  void leave(Reader const& reader);
  bool own(Reader const& reader) const noexcept { return reader.stream == kOwn; }

  void close(std::string_view why);  // the session is over; once
  std::string why() const;           // of close()
  void forget(base::TimePoint now);  // what is too old; asks to be reminded again

  // What the client was last told of lists, in the words of whoever tells (edge).
  using Told = std::array<std::uint64_t, 3>;
  std::optional<Told> told() const;
  void set_told(Told const& told);

 private:
  static constexpr EventLog::Stream kOwn = 1;
  bool take(Reading reader, EventLog::Stream stream, EventLog::Seq seen);
  Reading reader_of(EventLog::Stream stream) const;
  // Appends for `reader`, who may be nobody; closes it if it is too far behind.
  EventLog::Seq store(EventLog::Stream stream, Reader* reader, std::string json, base::TimePoint now);
  void trim(StreamLimits const& limits, base::TimePoint now);
  void forget_too_large(EventLog::Stream stream, EventLog::Seq seq, std::size_t bytes,
                        StreamLimits const& limits);
  template <class Change>
  void counted(Change change);  // `change` of the log
  static void wake(Reading reader);

  std::shared_ptr<ReplayShelf> shelf_;
  mutable std::mutex mutex_;
  EventLog log_;
  EventLog::Seq own_sent_ = 0;  // of the client's own stream
  std::vector<Reading> readers_;
  std::optional<Told> told_;
  std::string over_;
  bool reminded_ = false;
};

}  // namespace weir::session
