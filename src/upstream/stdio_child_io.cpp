#include "upstream/stdio_child_io.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/ready_until.hpp"
#include "core/outcome.hpp"
#include "upstream/own_request.hpp"
#include "upstream/server_question.hpp"

namespace weir::upstream {

using base::Blame;
using base::Error;
using base::Fault;
using base::Task;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::uint32_t kNodesMax = 1'000'000;   // of one message: servers are trusted with more than clients
constexpr int kReadsInARow = 16;                 // then others get a turn
constexpr auto kStderrPause = 10ms;              // a child that floods its stderr is slowed down to 6.5 MB/s
constexpr auto kKillReserve = 500ms;             // of a deadline, for SIGKILL to do its work
constexpr auto kAfterOutput = 1s;                // from the end of stdout to the exit
constexpr auto kAfterExit = 1s;                  // from the exit to the end of what the pipes still hold
constexpr std::size_t kTextKeptMax = 64 * 1024;  // far more than is shown: it is masked before it is cut
constexpr std::size_t kTextShownMax = 120;
constexpr std::size_t kSaidMax = 400;  // of stderr, in a cause
constexpr char kOnlyMessages[] = "programs may write only JSON messages there, logs go to stderr";

mcp::Limits decode_limits(LineFramer::Limits const& lines) {
  mcp::Limits limits;
  limits.bytes_max = lines.line_bytes_max;
  limits.json.nodes_max = kNodesMax;
  return limits;
}

}  // namespace

class StdioChild::Place {
 public:
  Place(StdioChild& child, NoteRelay relay, core::Call const* call = nullptr)
      : child_(child), flight(child.scheduler_, std::move(relay), call) {}
  ~Place() {
    bool const unanswered = child_.channel_.leave(flight);
    if (unanswered && flight.sent && cancellable) child_.writer_.write_small(cancel_notification(flight.id));
  }
  Place(Place const&) = delete;
  Place& operator=(Place const&) = delete;

 private:
  StdioChild& child_;

 public:
  Flight flight;
  bool cancellable = true;
};

StdioChild::StdioChild(base::Scheduler& scheduler, std::unique_ptr<ChildProcess> process,
                       ChildCommand const& command, StderrRing& log, Options const& options,
                       Told const& announced)
    : scheduler_(scheduler),
      process_(std::move(process)),
      command_(command),
      log_(log),
      options_(options),
      announced_(announced),
      session_(scheduler, {}, options.session_lengths),
      channel_(scheduler, options.channel),
      framer_(options.lines),
      writer_(scheduler, process_->input()),
      turn_(scheduler, 1),
      ending_(scheduler),
      output_over_(scheduler),
      errors_over_(scheduler),
      ended_(scheduler),
      tasks_(scheduler) {
  log_.begin_process();
  tasks_.spawn(read_output());
  tasks_.spawn(read_errors());
  tasks_.spawn(write_backlog());
  tasks_.spawn(notice_exit());
  tasks_.spawn(bury());
}

void StdioChild::speak(mcp::Revision revision, bool logs) {
  logs_ = logs;
  dialect_.emplace(options_.server, revision, options_.gateway_info);
  if (mcp::is_modern(revision)) {
    channel_.speak_modern();
  } else {
    session_.begin(revision);
  }
}

Task<void> StdioChild::send(Flight& flight, std::string_view bytes, mcp::Splice const& edits) {
  auto const permit = co_await turn_.acquire();
  while (!writer_.idle()) co_await writer_.drained().wait();
  if (flight.answer) co_return;  // the child died meanwhile
  flight.sent = !writer_.closed();
  if (bytes.find_first_of("\r\n") == std::string_view::npos) {
    std::array<iovec, mcp::Splice::kPiecesMax> pieces;
    writer_.write({pieces.data(), edits.fill(pieces)});
    if (writer_.closed()) ending_.set();
    co_return;
  }
  std::string line;  // raw newlines are white space between tokens: JSON strings cannot hold them
  edits.append_to(line);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  iovec const piece{line.data(), line.size()};
  writer_.write({&piece, 1});
  if (writer_.closed()) ending_.set();
}

// One level serves all callers: the most verbose that anybody wanted; each call filters what comes (P068).
Task<void> StdioChild::want_logs(int severity) {
  log_floor_ = severity;
  auto const level = mcp::kLogLevels[static_cast<std::size_t>(severity)];
  co_await ask(mcp::Method::logging_set_level, fmt::format(R"({{"level":"{}"}})", level),
               dialect_->revision());
}

Task<base::Result<core::Outcome>> StdioChild::relay(core::Call& call) {
  if (logs_) {
    if (call.method == mcp::Method::logging_set_level) {
      std::string scratch;
      auto const wanted = mcp::severity_of(call.request.text(mcp::Field::level, scratch));
      if (wanted && *wanted >= log_floor_) co_return core::from_result("{}");
      if (wanted) log_floor_ = *wanted;
    } else if (int const wanted = NoteRelay(call).log_floor();
               call.modern() && wanted >= 0 && wanted < log_floor_) {
      tasks_.spawn(want_logs(wanted));
    }
  }
  Place place(*this, NoteRelay(call), &call);
  auto& flight = place.flight;
  if (auto const enrolled = channel_.enroll(flight); !enrolled) co_return enrolled.error();
  place.cancellable = call.method != mcp::Method::initialize;
  auto const edits = dialect_->request(call, flight.id);
  co_await send(flight, call.request.bytes(), edits);
  bool listening = true;
  std::optional<base::TaskGroup> questions;  // of the server to this call's client
  for (;;) {
    while (auto question = channel_.next_question(flight)) {
      if (!questions) questions.emplace(scheduler_);
      questions->spawn(ask_client(call, std::move(*question)));
    }
    while (auto note = channel_.next_note(flight)) {
      call.progressed(scheduler_.now());
      if (listening) listening = co_await call.client->notify(std::move(*note));
    }
    if (flight.answer) break;
    co_await flight.news.wait();
    flight.news.reset();
  }
  if (!*flight.answer) co_return flight.answer->error();
  co_return dialect_->answer(call, std::move(**flight.answer));
}

Task<void> StdioChild::ask_client(core::Call& call, mcp::Message request) {
  auto const reply = co_await answer_of_client(call, std::move(request));
  writer_.write_small(reply);
}

Task<base::Result<mcp::Message>> StdioChild::ask(mcp::Method method, std::string params,
                                                 mcp::Revision revision, Told told) {
  Place place(*this, NoteRelay());
  auto& flight = place.flight;
  flight.listens = static_cast<bool>(told);
  if (auto const enrolled = channel_.enroll(flight); !enrolled) co_return enrolled.error();
  place.cancellable = method != mcp::Method::initialize;
  auto const line = own_request(method, params, flight.id, revision, options_.gateway_info);
  mcp::Splice const unchanged(line);
  co_await send(flight, line, unchanged);
  for (;;) {
    while (auto note = channel_.next_note(flight)) {
      if (auto const message = mcp::decode(std::move(*note), decode_limits(options_.lines))) told(*message);
    }
    if (flight.answer) co_return std::move(*flight.answer);
    co_await flight.news.wait();
    flight.news.reset();
  }
}

void StdioChild::tell(mcp::Method notification, std::string_view params) {
  writer_.write_small(own_notification(notification, params));
}

Task<void> StdioChild::read_output() {
  std::vector<char> buffer(kReadBytes);
  int reads = 0;
  bool wanted = true;
  while (wanted) {
    auto const got = process_->output().read(buffer);
    if (got.state == net::IoState::blocked) {
      reads = 0;
      co_await process_->output().readable();
      continue;
    }
    if (got.state != net::IoState::moved) break;
    std::string_view rest(buffer.data(), got.bytes);
    while (wanted) {
      auto line = framer_.take(rest);
      if (!line) break;
      wanted = take(std::move(*line));
      if (!held_) continue;
      auto const patience = scheduler_.now() + options_.stall_max;
      while (channel_.full_for(*held_)) {
        channel_.room().reset();
        bool const in_time = co_await base::ready_until(scheduler_, channel_.room(), patience);
        if (!in_time) break;
      }
      deliver(std::move(*held_));
      held_.reset();
    }
    if (++reads % kReadsInARow == 0) co_await scheduler_.sleep_for(0ns);
  }
  output_over_.set();
  ending_.set();
}

bool StdioChild::take(LineFramer::Line line) {
  if (!line.too_long) return take_text(std::move(line.text));
  auto error =
      Error(Fault::too_large, Blame::upstream,
            fmt::format("a line of more than {} bytes from the server", options_.lines.line_bytes_max))
          .about(options_.server)
          .advise("Ask for less in one call.");
  if (line.reply_to) channel_.fail(*line.reply_to, std::move(error));
  return true;
}

bool StdioChild::take_text(std::string text) {
  auto message = mcp::decode(std::move(text), decode_limits(options_.lines));
  if (message) {
    heard_message();
    if (failed_here(*message)) return true;
    if (channel_.full_for(*message)) {
      held_ = std::move(*message);
    } else {
      deliver(std::move(*message));
    }
    return true;
  }
  auto failure = std::move(message).error();
  if (failure.fault == mcp::DecodeFault::batch) {
    take_batch(failure.bytes);
    return true;
  }
  std::uint64_t id = 0;
  auto const parsed = std::from_chars(failure.id.data(), failure.id.data() + failure.id.size(), id);
  if (!failure.id.empty() && parsed.ec == std::errc{}) {
    channel_.fail(id, Error(Fault::protocol, Blame::upstream, failure.sentence).about(options_.server));
  }
  if (first_text_.empty()) {
    first_text_ = failure.bytes.size() > kTextKeptMax ? failure.bytes.substr(0, kTextKeptMax)
                                                      : std::move(failure.bytes);
  }
  if (framer_.noise()) return true;
  noisy_ = true;
  kill_for(options_.program
               ? fmt::format("more than {} lines on stdout that are no MCP messages, the first \"{}\": {}",
                             options_.lines.noise_lines_max, quoted(first_text_, kTextShownMax),
                             kOnlyMessages)
               : fmt::format("more than {} events that are no MCP messages", options_.lines.noise_lines_max));
  return false;
}

void StdioChild::heard_message() {
  framer_.message();
  spoke_ = true;
  first_text_.clear();
}

// Masked while it is whole: what is left of a secret that was cut could not be found any more.
std::string StdioChild::quoted(std::string text, std::size_t bytes_max) const {
  if (options_.mask) options_.mask(text);
  return cut_to(escape_controls(text), bytes_max);
}

std::string StdioChild::chatter() const {
  if (spoke_ || noisy_ || !options_.program || first_text_.empty()) return {};
  return fmt::format("; its stdout begins with \"{}\", which is no MCP message: {}",
                     quoted(first_text_, kTextShownMax), kOnlyMessages);
}

// An answer that was made in the server's place, of which more is known than it can say.
bool StdioChild::failed_here(mcp::Message const& message) {
  if (message.kind() != mcp::MessageKind::error) return false;
  auto const text = message.raw(mcp::Field::id);
  std::uint64_t id = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), id).ec != std::errc{}) return false;
  auto error = process_->take_failure(id);
  if (!error) return false;
  channel_.fail(id, std::move(*error).about(options_.server));
  return true;
}

// Revision 2025-03-26 allows arrays of messages.
void StdioChild::take_batch(std::string_view text) {
  auto const elements = mcp::split_batch(text, decode_limits(options_.lines));
  if (!elements) return;
  heard_message();
  for (auto const span : *elements) {
    auto element = mcp::decode(std::string(span.of(text)), decode_limits(options_.lines));
    if (element) deliver(std::move(*element));
  }
}

void StdioChild::deliver(mcp::Message message) {
  auto const step = channel_.accept(std::move(message));
  if (step.kind == StdioChannel::Step::Kind::reply) writer_.write_small(step.reply);
  if (step.kind == StdioChannel::Step::Kind::announced && announced_) announced_(*step.announced);
}

Task<void> StdioChild::read_errors() {
  std::array<char, 4096> buffer;
  for (int reads = 0;;) {
    auto const got = process_->errors().read(buffer);
    if (got.state == net::IoState::blocked) {
      co_await process_->errors().readable();
    } else if (got.state == net::IoState::moved) {
      log_.append({buffer.data(), got.bytes});
      if (++reads % kReadsInARow == 0) co_await scheduler_.sleep_for(kStderrPause);
    } else {
      break;
    }
  }
  errors_over_.set();
}

Task<void> StdioChild::write_backlog() {
  while (!writer_.closed()) {
    co_await writer_.waiting().wait();
    writer_.flush();
    if (!writer_.idle()) co_await process_->input().writable();
  }
  ending_.set();  // a server that reads no more is of no use
}

Task<void> StdioChild::notice_exit() {
  co_await process_->exited().wait();
  ending_.set();
}

void StdioChild::kill_for(std::string why) {
  kill_reason_ = std::move(why);
  process_->kill();
}

// Everything that can be known of a death, in the order in which it becomes known.
Task<void> StdioChild::bury() {
  co_await ending_.wait();
  if (!co_await base::ready_until(scheduler_, process_->exited(), scheduler_.now() + kAfterOutput)) {
    if (kill_reason_.empty()) kill_reason_ = "closed its stdin or stdout";
    process_->kill();
    co_await base::ready_until(scheduler_, process_->exited(), scheduler_.now() + kAfterOutput);
  }
  auto const patience = scheduler_.now() + kAfterExit;
  co_await base::ready_until(scheduler_, output_over_, patience);
  co_await base::ready_until(scheduler_, errors_over_, patience);
  log_.end_line();
  writer_.close();
  cause_ = why_it_ended();
  channel_.fail_all(loss());
  session_.end();
  ended_.set();
}

std::string StdioChild::why_it_ended() const {
  auto why = !kill_reason_.empty() ? kill_reason_ : describe(process_->exit_status(), command_);
  if (noisy_ || !process_->exit_status().started()) return why;
  auto const said = quoted(log_.telling_line(), kSaidMax);
  if (!options_.program && kill_reason_.empty() && !said.empty()) return said;  // it has no exit code
  if (!said.empty()) why += fmt::format(": \"{}\"", said);
  return why + chatter();
}

Error StdioChild::loss() const {
  return Error(Fault::connection_lost, Blame::upstream, cause_)
      .about(options_.server)
      .advise("The server ended while it worked on this; it is being started again.");
}

Task<void> StdioChild::finish_calls(base::TimePoint deadline) {
  auto const patience = deadline - 2 * options_.exit_wait - kKillReserve;
  while (channel_.in_flight() > 0 && scheduler_.now() < patience) {
    channel_.room().reset();
    co_await base::ready_until(scheduler_, channel_.room(), patience);
  }
}

Task<void> StdioChild::shut_down(base::TimePoint deadline, bool patient) {
  channel_.fail_all(
      Error(Fault::unavailable, Blame::gateway, "the server is being stopped").about(options_.server));
  if (kill_reason_.empty()) kill_reason_ = "stopped";
  writer_.close();
  process_->input().shutdown_write();
  auto const until_kill = deadline - kKillReserve;
  auto const wait = [&] { return std::min(scheduler_.now() + options_.exit_wait, until_kill); };
  bool gone = process_->exited().is_set();
  if (patient) gone = co_await base::ready_until(scheduler_, process_->exited(), wait());
  if (!gone) {
    process_->terminate();
    gone = co_await base::ready_until(scheduler_, process_->exited(), wait());
  }
  if (!gone) {
    process_->kill();
    co_await base::ready_until(scheduler_, process_->exited(), deadline);
  }
}

}  // namespace weir::upstream
