#include "session/outbox.hpp"

#include <algorithm>
#include <charconv>

namespace weir::session {

namespace {

constexpr base::Duration kForgetPause = std::chrono::seconds{1};

std::string id_of(EventLog::Stream stream, EventLog::Seq seq) {
  return std::to_string(stream) + '.' + std::to_string(seq);
}

std::optional<std::pair<EventLog::Stream, EventLog::Seq>> read_id(std::string_view text) {
  std::pair<EventLog::Stream, EventLog::Seq> id;
  char const* const end = text.data() + text.size();
  auto const first = std::from_chars(text.data(), end, id.first);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return std::nullopt;
  auto const second = std::from_chars(first.ptr + 1, end, id.second);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  return id;
}

}  // namespace

Outbox::Outbox(std::shared_ptr<ReplayShelf> shelf) : shelf_(std::move(shelf)) { log_.open(); }

Outbox::~Outbox() { shelf_->held(-static_cast<std::ptrdiff_t>(log_.bytes())); }

void Outbox::wake(Reading reader) {
  auto& home = reader->home;
  home.post([reader = std::move(reader)] { reader->news.set(); });
}

Outbox::Reading Outbox::reader_of(EventLog::Stream stream) const {
  auto const found = std::find_if(readers_.begin(), readers_.end(),
                                  [&](Reading const& one) { return one->stream == stream; });
  return found == readers_.end() ? nullptr : *found;
}

template <class Change>
void Outbox::counted(Change change) {
  auto const before = static_cast<std::ptrdiff_t>(log_.bytes());
  change();
  shelf_->held(static_cast<std::ptrdiff_t>(log_.bytes()) - before);
}

void Outbox::trim(StreamLimits const& limits, base::TimePoint now) {
  std::size_t bytes_max = limits.replay_bytes;
  for (auto const& reader : readers_)
    if (reader->live.open()) bytes_max += reader->unread;
  log_.trim(now - limits.replay_age, bytes_max, [this](EventLog::Stream stream, EventLog::Seq seq) {
    return std::any_of(readers_.begin(), readers_.end(), [&](Reading const& one) {
      return one->stream == stream && one->live.open() && seq > one->seen;
    });
  });
}

EventLog::Seq Outbox::store(EventLog::Stream stream, Reader* reader, std::string json, base::TimePoint now) {
  auto const limits = shelf_->limits();
  std::size_t const bytes = json.size();
  EventLog::Seq seq = 0;
  counted([&] {
    seq = log_.append(stream, std::move(json), now);
    bool const waits = reader != nullptr && !reader->direct;
    if (waits) {
      bool const behind = reader->unread > 0;
      reader->unread += bytes;
      if (behind && reader->unread > limits.buffer_bytes) reader->live.begin_close(StreamEnd::slow_reader);
    } else {
      if (reader != nullptr) reader->seen = seq;
      forget_too_large(stream, seq, bytes, limits);
    }
    trim(limits, now);
  });
  if (!reminded_ && log_.bytes() > 0) {
    reminded_ = true;
    shelf_->remind(now + limits.replay_age, weak_from_this());
  }
  return seq;
}

// An event that nobody waits for and that would push out all others.
void Outbox::forget_too_large(EventLog::Stream stream, EventLog::Seq seq, std::size_t bytes,
                              StreamLimits const& limits) {
  if (bytes + EventLog::kEventCost > limits.replay_bytes) log_.forget_through(stream, seq);
}

bool Outbox::post(std::string notification, base::TimePoint now) {
  Reading reader;
  {
    std::lock_guard const lock(mutex_);
    if (!over_.empty()) return false;
    reader = reader_of(kOwn);
    store(kOwn, reader.get(), std::move(notification), now);
  }
  if (reader) wake(std::move(reader));
  return true;
}

// Gives the stream to `reader`, from whoever had it.
bool Outbox::take(Reading reader, EventLog::Stream stream, EventLog::Seq seen) {
  if (!over_.empty()) return false;
  Reading before = reader_of(stream);
  if (before) std::erase(readers_, before);
  reader->stream = stream;
  reader->seen = seen;
  readers_.push_back(std::move(reader));
  if (before && before->live.begin_close(StreamEnd::replaced)) wake(std::move(before));
  return true;
}

bool Outbox::open(Reading reader) {
  std::lock_guard const lock(mutex_);
  reader->direct = true;
  return take(std::move(reader), log_.open(), 0);
}

std::optional<std::string> Outbox::append(Reader& reader, std::string json, base::TimePoint now) {
  Reading other;
  {
    std::lock_guard const lock(mutex_);
    if (!over_.empty()) {  // the last words of a call go to whoever still has its stream
      if (reader.live.why() != StreamEnd::session_over) return std::nullopt;
      return id_of(reader.stream, ++reader.seen);
    }
    other = reader_of(reader.stream);
    EventLog::Seq const seq = store(reader.stream, other.get(), std::move(json), now);
    if (other.get() == &reader) return id_of(reader.stream, seq);
    if (!other) return std::nullopt;
  }
  wake(std::move(other));
  return std::nullopt;
}

void Outbox::end(Reader const& reader) {
  Reading other;
  {
    std::lock_guard const lock(mutex_);
    counted([&] { log_.end(reader.stream); });
    other = reader_of(reader.stream);
    if (other.get() == &reader) {
      std::erase(readers_, other);
      return;
    }
  }
  if (other) wake(std::move(other));
}

bool Outbox::attach(Reading reader) {
  std::lock_guard const lock(mutex_);
  if (!log_.complete_after(kOwn, own_sent_)) own_sent_ = log_.first(kOwn) - 1;
  return take(std::move(reader), kOwn, own_sent_);
}

bool Outbox::resume(Reading reader, std::string_view last_id, base::TimePoint now) {
  auto const id = read_id(last_id);
  if (!id) return false;
  std::lock_guard const lock(mutex_);
  auto const limits = shelf_->limits();
  counted([&] { trim(limits, now); });
  if (limits.replay_bytes == 0 || !log_.complete_after(id->first, id->second)) return false;
  return take(std::move(reader), id->first, id->second);
}

std::optional<Outbox::Event> Outbox::next(Reader& reader) {
  std::lock_guard const lock(mutex_);
  if (reader.seen >= log_.last(reader.stream)) return std::nullopt;
  auto const* const json = log_.at(reader.stream, reader.seen + 1);
  if (json == nullptr) {  // forgotten before it was read
    reader.live.begin_close(StreamEnd::slow_reader);
    return std::nullopt;
  }
  Event event{id_of(reader.stream, ++reader.seen), *json};
  reader.unread -= std::min(reader.unread, event.json.size());
  if (reader.stream == kOwn) own_sent_ = std::max(own_sent_, reader.seen);
  counted([&] { forget_too_large(reader.stream, reader.seen, event.json.size(), shelf_->limits()); });
  return event;
}

bool Outbox::finished(Reader const& reader) const {
  std::lock_guard const lock(mutex_);
  return log_.ended(reader.stream) && reader.seen >= log_.last(reader.stream);
}

std::string Outbox::position(Reader const& reader) const {
  std::lock_guard const lock(mutex_);
  return id_of(reader.stream, reader.seen);
}

void Outbox::leave(Reader const& reader) {
  std::lock_guard const lock(mutex_);
  std::erase_if(readers_, [&](Reading const& one) { return one.get() == &reader; });
}

void Outbox::close(std::string_view why) {
  std::vector<Reading> left;
  {
    std::lock_guard const lock(mutex_);
    if (!over_.empty()) return;
    over_ = why;
    // Under the lock: append() tells by it who still gets a call's last words.
    for (auto const& reader : readers_)
      if (reader->live.begin_close(StreamEnd::session_over)) left.push_back(reader);
    readers_.clear();
  }
  for (auto& reader : left) wake(std::move(reader));
}

bool Outbox::over() const {
  std::lock_guard const lock(mutex_);
  return !over_.empty();
}

std::string Outbox::why() const {
  std::lock_guard const lock(mutex_);
  return over_;
}

void Outbox::forget(base::TimePoint now) {
  std::lock_guard const lock(mutex_);
  auto const limits = shelf_->limits();
  counted([&] { trim(limits, now); });
  auto const oldest = log_.oldest();
  reminded_ = oldest != base::TimePoint::max();
  // What a reader still wants is older than that: it is looked at again later, not at once.
  if (reminded_) shelf_->remind(std::max(oldest + limits.replay_age, now + kForgetPause), weak_from_this());
}

std::optional<Outbox::Told> Outbox::told() const {
  std::lock_guard const lock(mutex_);
  return told_;
}

void Outbox::set_told(Told const& told) {
  std::lock_guard const lock(mutex_);
  told_ = told;
}

}  // namespace weir::session
