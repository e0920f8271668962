#include "upstream/stdio_backend_io.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/ready_until.hpp"
#include "base/run_until.hpp"
#include "core/resource_notes.hpp"

namespace weir::upstream {

using base::Blame;
using base::Error;
using base::Fault;
using base::Task;
using core::ServerState;
using mcp::Method;

namespace {
constexpr std::size_t kStderrLinesShown = 20;
constexpr long kStderrLinesPerSecondMax = 200;  // in the log; the ring has them all
constexpr auto kListenAgain = std::chrono::seconds(1);
constexpr auto kLastCallsMax = std::chrono::minutes(10);  // of a child that was replaced
constexpr std::string_view kListenTo =
    R"({"notifications":{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true}})";

// As mcp_upstream_restarts_total tells it.
std::string_view start_failure(Error const& error) {
  if (error.fault == Fault::timed_out) return "timeout";
  return error.fault == Fault::protocol ? "protocol" : "start_failed";
}

// `due` moved by `by`, but not beyond the latest deadline of the call.
base::TimePoint postponed(core::Call const& call, base::TimePoint due, base::Duration by) {
  return due < call.deadline_latest && call.deadline_latest - due > by ? due + by : call.deadline_latest;
}

// The server has seen nothing of the call: another may be asked.
Error unsent(Error error) {
  if (error.blame == Blame::upstream) error.retry = base::Retry::always;
  return error;
}

}  // namespace

StdioBackend::StdioBackend(base::Scheduler& scheduler, ChildSpawner& spawner, base::Random& random,
                           Options options, core::BackendObserver* observer)
    : scheduler_(scheduler),
      random_(random),
      options_(std::move(options)),
      observer_(observer),
      log_([this](std::string const& line) { log_stderr(line); },
           [this](std::string& text) {
             if (options_.log != nullptr) options_.log->mask(text);
           }),
      announced_([this](mcp::Message const& notification) { announced(notification); }),
      launcher_(scheduler, spawner, options_.command, options_.child, options_.probe_max, log_, announced_),
      policy_(options_.restart),
      changed_(scheduler),
      asked_(scheduler),
      tasks_(scheduler) {
  options_.child.program = options_.transport == "stdio";
  if (options_.log != nullptr)
    options_.child.mask = [log = options_.log](std::string& text) { log->mask(text); };
}

void StdioBackend::become(ServerState state) {
  bool const other = state != state_;
  state_ = state;
  changed_.set();
  changed_.reset();
  if (other && observer_ != nullptr) observer_->state_changed(name());
}

void StdioBackend::wake_keeper() {
  if (state_ == ServerState::stopped) {
    tasks_.spawn(keep());
  } else {
    asked_.set();
  }
}

Task<void> StdioBackend::keep() {
  for (std::string_view again_for;;) {
    if (!again_for.empty()) options_.restarts.add(again_for);
    ++launches_;
    become(ServerState::starting);
    auto const began = scheduler_.now();
    if (began >= verdict_until_) {
      launcher_.forget_verdict();
      verdict_until_ = began + verdict_life(options_.verdict_max, random_);
    }
    auto started = co_await launcher_.launch(began + options_.start_max);
    ++attempts_over_;
    if (started) {
      start_took_ = scheduler_.now() - began;
      child_ = std::move(started->child);
      identity_ = std::move(started->identity);
      policy_.started(scheduler_.now());
      if (identity_.modern()) tasks_.spawn(listen_to_lists(child_));
      become(ServerState::ready);
      if (launches_ > 1) missed();
      auto const child = co_await until_ended();
      child_.reset();
      last_error_ = Error(Fault::unavailable, Blame::upstream, child->cause()).about(options_.child.server);
      withheld_ = false;
      again_for = "exit";
    } else {
      last_error_ = started.error();
      withheld_ = launcher_.withheld();
      again_for = withheld_ ? std::string_view() : start_failure(last_error_);
    }
    co_await until_due_again();
  }
}

Task<void> StdioBackend::until_due_again() {
  asked_.reset();
  if (withheld_) {  // told to callers at once, and tried again for each: the server has no part
    --launches_;
    become(ServerState::failed);
    co_await base::ready_until(scheduler_, asked_, scheduler_.now() + options_.restart.wait_max);
  } else if (auto const again_at = policy_.failed(scheduler_.now(), random_)) {
    again_at_ = *again_at;
    become(ServerState::starting);
    co_await scheduler_.sleep_until(*again_at);
  } else {
    become(ServerState::failed);
    co_await asked_.wait();
    policy_.asked();
  }
}

// The child in service, once it has ended; a modern sibling may have taken the place of the first (P014).
Task<std::shared_ptr<StdioChild>> StdioBackend::until_ended() {
  for (;;) {
    auto const child = child_;
    auto const until = identity_.modern() ? base::TimePoint::max() : verdict_until_;
    bool const ended = co_await base::ready_until(scheduler_, child->ended(), until);
    if (ended) co_return child;
    verdict_until_ = scheduler_.now() + verdict_life(options_.verdict_max, random_);
    auto probing = launcher_.probe_again(scheduler_.now() + options_.start_max);
    auto const how = co_await base::run_until(scheduler_, probing, base::TimePoint::max(), &child->ended());
    if (how != base::Ended::done) co_return child;
    auto grown = probing.take();
    if (!grown) continue;
    child_ = std::move(grown->child);
    identity_ = std::move(grown->identity);
    tasks_.spawn(retire(child));
    tasks_.spawn(listen_to_lists(child_));
    missed();
    if (observer_ != nullptr) observer_->era_changed(name());
  }
}

Task<void> StdioBackend::retire(std::shared_ptr<StdioChild> child) {
  auto const deadline = scheduler_.now() + kLastCallsMax;
  co_await child->finish_calls(deadline);
  co_await child->shut_down(deadline, true);
}

// A modern server tells of changes only to those who listen (P054: again after every restart).
Task<void> StdioBackend::listen_to_lists(std::shared_ptr<StdioChild> child) {
  auto const revision = identity_.revision;
  for (;;) {
    auto const ended = co_await child->ask(Method::subscriptions_listen, std::string(kListenTo), revision);
    if (!ended || ended->kind() != mcp::MessageKind::result) co_return;  // dead, or it has no such thing
    co_await scheduler_.sleep_for(base::jittered(kListenAgain, 20, random_));
    missed();
  }
}

// Nobody listened for a while (P071).
void StdioBackend::missed() {
  for (auto const list :
       {Method::notifications_tools_list_changed, Method::notifications_prompts_list_changed,
        Method::notifications_resources_list_changed}) {
    lists_changed(list);
  }
  if (resources_ != nullptr) resources_->resources_missed();
}

Task<base::Result<void>> StdioBackend::listen(std::string params, StdioChild::Told told) {
  auto child = co_await running_child();
  if (!child) co_return child.error();
  auto const serving = *child;
  auto ended = co_await serving->ask(Method::subscriptions_listen, std::move(params), identity_.revision,
                                     std::move(told));
  if (!ended) co_return ended.error();
  if (ended->kind() == mcp::MessageKind::result) co_return base::Result<void>{};
  co_return Error(Fault::protocol, Blame::upstream, "the server refused the subscription")
      .about(std::string(name()));
}

void StdioBackend::announced(mcp::Message const& notification) {
  std::string scratch;
  if (notification.method() != Method::notifications_resources_updated) {
    lists_changed(notification.method());
  } else if (resources_ != nullptr) {
    resources_->resource_updated_with(notification.text(mcp::Field::uri, scratch),
                                      core::said_besides(notification));
  }
}

void StdioBackend::log_stderr(std::string const& line) {
  if (options_.log == nullptr) return;
  auto const say = [this](std::string_view text) {
    options_.log->event(observe::Level::info, "upstream.stderr", text, {{observe::Key::server, name()}});
  };
  auto const now = scheduler_.now();
  if (now - logging_since_ >= std::chrono::seconds(1)) {
    if (lines_logged_ > kStderrLinesPerSecondMax)
      say(fmt::format("({} lines left out)", lines_logged_ - kStderrLinesPerSecondMax));
    logging_since_ = now;
    lines_logged_ = 0;
  }
  if (++lines_logged_ <= kStderrLinesPerSecondMax) say(line);
}

void StdioBackend::lists_changed(Method notification) {
  if (observer_ == nullptr) return;
  if (notification == Method::notifications_tools_list_changed)
    observer_->list_changed(name(), Method::tools_list);
  if (notification == Method::notifications_prompts_list_changed)
    observer_->list_changed(name(), Method::prompts_list);
  if (notification == Method::notifications_resources_list_changed) {
    observer_->list_changed(name(), Method::resources_list);
    observer_->list_changed(name(), Method::resources_templates_list);
  }
}

std::string StdioBackend::cause() const {
  if (last_error_.detail.empty() || policy_.failures() == 0) return last_error_.detail;
  return fmt::format("{} (attempt {}/{})", last_error_.detail, policy_.failures(), policy_.attempts_max());
}

Error StdioBackend::failure() const {
  auto error = last_error_;
  error.detail = cause();
  return error;
}

Task<base::Result<core::ServerIdentity>> StdioBackend::open() {
  if (closed_) co_return failure();
  auto const before = attempts_over_;
  if (state_ == ServerState::failed && !policy_.may_ask(scheduler_.now())) co_return failure();
  if (state_ != ServerState::ready) wake_keeper();
  while (state_ != ServerState::ready && attempts_over_ == before) {
    if (state_ == ServerState::stopped) co_return last_error_;
    co_await changed_.wait();
  }
  if (state_ == ServerState::ready) co_return identity_;
  co_return failure();
}

Task<base::Result<std::shared_ptr<StdioChild>>> StdioBackend::running_child() {
  if (closed_) co_return failure();
  if (state_ == ServerState::ready) co_return child_;
  bool const may_wake = state_ == ServerState::stopped || policy_.may_ask(scheduler_.now());
  auto const before = attempts_over_;  // an attempt may be over at once
  if (state_ != ServerState::starting && may_wake) wake_keeper();
  auto const until = scheduler_.now() + options_.start_max;
  while (state_ != ServerState::ready) {
    bool const given_up = state_ == ServerState::failed && (!may_wake || attempts_over_ != before);
    if (given_up || state_ == ServerState::stopped) co_return failure();
    bool const in_time = co_await base::ready_until(scheduler_, changed_, until);
    if (!in_time && state_ != ServerState::ready) {
      co_return Error(Fault::starting, Blame::upstream, fmt::format("still starting; {}", cause()),
                      base::Retry::always)
          .about(std::string(name()))
          .advise("The server is still starting; try again in a few seconds.");
    }
  }
  co_return child_;
}

Task<base::Result<core::Outcome>> StdioBackend::handle(core::Call& call) {
  call.facts.server = name();
  call.facts.tool = call.method == Method::tools_call ? call.target : std::string();
  auto const came = scheduler_.now();
  auto const due = call.deadline;
  // Waiting for a start does not use up the call's own time.
  if (state_ != ServerState::ready) call.deadline = postponed(call, due, options_.start_max);
  auto child = co_await running_child();
  call.deadline = postponed(call, due, scheduler_.now() - came);
  if (!child) co_return unsent(std::move(child).error());
  auto const serving = *child;
  core::UpstreamTime const timed(call, scheduler_.clock());
  co_return co_await serving->relay(call);
}

Task<base::Result<mcp::Message>> StdioBackend::ask(Method method, std::string params) {
  auto child = co_await running_child();
  if (!child) co_return child.error();
  auto const serving = *child;
  auto answer = co_await serving->ask(method, std::move(params), identity_.revision);
  co_return answer;
}

core::ServerStatus StdioBackend::status() const {
  core::ServerStatus status;
  status.state = state_;
  status.transport = options_.transport;
  status.start_took = start_took_;
  status.restarts = std::max(0L, launches_ - 1);
  status.last_stderr = log_.last_lines(kStderrLinesShown);
  if (identity_.capabilities.size() > 0) status.era = mcp::text_of(identity_.revision);
  if (child_) status.pid = child_->program();
  if (state_ == ServerState::ready) return status;
  status.cause = cause();
  if (withheld_) status.cure = last_error_.hint;
  if (state_ == ServerState::starting)
    status.again_in = std::max(again_at_ - scheduler_.now(), base::Duration::zero());
  return status;
}

Task<void> StdioBackend::close(base::TimePoint deadline) {
  closed_ = true;
  tasks_.cancel();
  auto const child = std::exchange(child_, nullptr);
  last_error_ = Error(Fault::unavailable, Blame::gateway, "closed").about(std::string(name()));
  become(ServerState::stopped);
  if (!child) co_return;
  co_await child->finish_calls(deadline);
  co_await child->shut_down(deadline, true);
}

}  // namespace weir::upstream
