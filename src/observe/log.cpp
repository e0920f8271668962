#include "observe/log.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "observe/internal/current_mask.hpp"
#include "observe/internal/log_buffer.hpp"
#include "observe/internal/log_sink.hpp"
#include "observe/internal/repeat_folder.hpp"

namespace weir::observe {
namespace {

constexpr int kDyingTries = 100;  // a millisecond each

// The writer leaves signals to the threads that expect them.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

struct Log::State {
  State(Options const& o, base::Clock const& c, Mask m)
      : options(o),
        clock(c),
        least(o.level),
        mask(std::move(m)),
        sink(o.fd),
        filling(std::make_unique<LogBuffer>(o.buffer_bytes)),
        writing(std::make_unique<LogBuffer>(o.buffer_bytes)),
        folder(o.fold_for) {}

  void append(Level level, std::string_view line);
  void run();
  void wait_for_lines(std::unique_lock<std::mutex>& guard);
  void append_summaries(bool all);
  void report_drops();
  void note_drops(std::size_t lines) noexcept { dropped.fetch_add(lines, std::memory_order_relaxed); }

  Options const options;
  base::Clock const& clock;
  std::atomic<Level> least;
  CurrentMask mask;
  LogSink sink;
  std::atomic<std::uint64_t> dropped{0};
  std::uint64_t dropped_reported = 0;  // writer only
  std::string batch;                   // writer only

  std::mutex lock;  // of what follows
  std::condition_variable wake;
  std::condition_variable flushed;
  std::unique_ptr<LogBuffer> filling;
  std::unique_ptr<LogBuffer> writing;  // the writer's while it writes
  std::uint64_t flushes_asked = 0;
  std::uint64_t flushes_done = 0;
  bool asleep = false;     // the writer waits for a first line
  bool half_told = false;  // it knows that the buffer is half full
  bool stopping = false;

  std::mutex folding;  // never held together with `lock`
  RepeatFolder folder;
  std::atomic<bool> counting{false};

  std::thread writer;  // last: it uses all of the above
};

void Log::State::append(Level level, std::string_view line) {
  bool tell = false;
  {
    std::lock_guard const guard(lock);
    note_drops(filling->push(level, line));
    tell = asleep || (!half_told && filling->half_full());
    if (tell) half_told = filling->half_full();
    if (tell) asleep = false;
  }
  if (tell) wake.notify_one();
}

// The first line wakes the writer; it then lets a batch gather. So the cost of waking is paid once a batch.
void Log::State::wait_for_lines(std::unique_lock<std::mutex>& guard) {
  auto const urgent = [this] { return stopping || flushes_asked > flushes_done; };
  if (filling->empty() && !urgent()) {
    asleep = true;
    auto const due = [&] { return !asleep || urgent(); };
    if (counting)
      wake.wait_for(guard, std::chrono::seconds{1}, due);
    else
      wake.wait(guard, due);
    asleep = false;
  }
  wake.wait_for(guard, options.flush_every, [&] { return urgent() || filling->half_full(); });
}

void Log::State::run() {
  std::unique_lock guard(lock);
  for (bool last = false; !last;) {
    wait_for_lines(guard);
    last = stopping;
    guard.unlock();
    append_summaries(last);
    report_drops();
    guard.lock();
    filling.swap(writing);
    half_told = false;
    std::uint64_t const asked = flushes_asked;
    guard.unlock();
    batch.clear();
    writing->drain(batch);
    std::size_t const taken = sink.write(batch);
    auto const lost = std::string_view(batch).substr(taken);
    note_drops(static_cast<std::size_t>(std::count(lost.begin(), lost.end(), '\n')));
    guard.lock();
    flushes_done = asked;
    flushed.notify_all();
  }
}

void Log::State::append_summaries(bool all) {
  std::vector<RepeatFolder::Summary> summaries;
  {
    std::lock_guard const guard(folding);
    summaries = all ? folder.take_all() : folder.take_due(clock.now());
    counting = folder.counting();
  }
  for (auto const& s : summaries) {
    LineBuffer line;
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(options.fold_for).count();
    Field const server(Key::server, s.server);
    render_event(line, options.format, *CurrentMask::Use(mask), clock.wall(), s.level, s.event,
                 fmt::format("(×{} in {} s) {}", s.repeats, seconds, s.msg), {&server, 1});
    append(s.level, line.view());
  }
}

void Log::State::report_drops() {
  std::uint64_t const now = dropped.load(std::memory_order_relaxed);
  if (now == dropped_reported) return;
  LineBuffer line;
  render_event(line, options.format, *CurrentMask::Use(mask), clock.wall(), Level::warn, "log.dropped",
               fmt::format("{} log lines were dropped", now - dropped_reported), {});
  dropped_reported = now;
  append(Level::warn, line.view());
}

Log::Log(Options const& options, base::Clock const& clock, Mask mask)
    : state_(std::make_unique<State>(options, clock, std::move(mask))) {
  SignalsBlocked const while_starting;
  state_->writer = std::thread([state = state_.get()] { state->run(); });
}

Log::~Log() {
  state_->sink.hurry();
  {
    std::lock_guard const guard(state_->lock);
    state_->stopping = true;
  }
  state_->wake.notify_one();
  state_->writer.join();
}

void Log::reconfigure(Level level, Mask mask) {
  state_->mask.replace(std::move(mask));
  state_->least = level;
}

void Log::drop_old_masks() { state_->mask.tidy(); }

void Log::mask(std::string& text) const {
  CurrentMask::Use const now(state_->mask);
  if (*now) (*now)(text);
}

bool Log::wants(Level level) const noexcept { return level >= state_->least.load(std::memory_order_relaxed); }

void Log::event(Level level, std::string_view event, std::string_view msg,
                std::initializer_list<Field> fields) {
  if (!wants(level)) return;
  State& s = *state_;
  std::string_view server;
  for (Field const& field : fields)
    if (field.key == Key::server) server = field.text;
  {
    std::lock_guard const guard(s.folding);
    if (!s.folder.admit(s.clock.now(), level, event, msg, server)) {
      s.counting = true;
      return;
    }
  }
  LineBuffer line;
  render_event(line, s.options.format, *CurrentMask::Use(s.mask), s.clock.wall(), level, event, msg,
               {fields.begin(), fields.size()});
  s.append(level, line.view());
}

void Log::access(AccessLine const& call) {
  if (!wants(Level::info)) return;
  LineBuffer line;
  render_access(line, state_->options.format, *CurrentMask::Use(state_->mask), call);
  state_->append(Level::info, line.view());
}

void Log::flush() {
  State& s = *state_;
  std::unique_lock guard(s.lock);
  std::uint64_t const ticket = ++s.flushes_asked;
  s.wake.notify_one();
  s.flushed.wait_for(guard, LogSink::kPatience, [&] { return s.flushes_done >= ticket; });
}

void Log::flush_dying() noexcept {
  State& s = *state_;
  s.sink.hurry();
  // The writer has the lock for moments; a thread that dies within log() has it for good.
  std::unique_lock guard(s.lock, std::try_to_lock);
  for (int tries = 0; !guard.owns_lock() && tries < kDyingTries; ++tries) {
    timespec const pause{0, 1'000'000};
    ::nanosleep(&pause, nullptr);
    static_cast<void>(guard.try_lock());
  }
  if (!guard.owns_lock()) return;
  std::string rest;
  s.filling->drain(rest);
  s.sink.write(rest);
}

std::uint64_t Log::dropped() const noexcept { return state_->dropped.load(std::memory_order_relaxed); }

}  // namespace weir::observe
