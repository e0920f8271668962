#include "fallback/fallback_layer.hpp"

#include <algorithm>

#include "base/glob.hpp"
#include "base/run_until.hpp"
#include "core/owned_call.hpp"
#include "fallback/substitute_answer.hpp"

namespace weir::fallback {

using base::Error;
using base::TimePoint;
using core::Outcome;
using core::Substitute;

namespace {

Substitute kind_of(Strategy strategy) noexcept {
  switch (strategy) {
    case Strategy::use_cache:
    case Strategy::use_stale_cache: return Substitute::stale;
    case Strategy::server: return Substitute::server;
    case Strategy::use_local_backup: return Substitute::backup;
    case Strategy::use_default:
    case Strategy::message: return Substitute::standard;
    case Strategy::skip: break;
  }
  return Substitute::none;
}

std::string_view mode_of(Substitute by) noexcept {  // a label
  switch (by) {
    case Substitute::none: break;
    case Substitute::stale: return "stale";
    case Substitute::server: return "server";
    case Substitute::backup: return "backup";
    case Substitute::standard: return "standard";
  }
  return {};
}

std::string_view event_of(Substitute by) noexcept {
  switch (by) {
    case Substitute::stale: return "fallback.stale";
    case Substitute::server: return "fallback.server";
    case Substitute::backup: return "fallback.backup";
    case Substitute::standard: return "fallback.default";
    case Substitute::none: break;
  }
  return "fallback.failed";
}

// A task, or a call in the middle of its rounds, is known to its own server only.
bool others_can_answer(core::Call const& call) noexcept {
  using enum mcp::Method;
  switch (call.method) {
    case tools_call:
    case prompts_get:
    case resources_read: break;
    case resources_directory_read:
    case completion_complete: return true;
    default: return false;
  }
  return !call.request.has(mcp::Field::input_responses) && !call.request.has(mcp::Field::request_state);
}

// Complete, and what the tool promised. A question or a task's handle would lead its client back to the
// server that failed, which knows nothing of it.
bool answers(core::Call const& call, core::Outcome const& outcome) noexcept {
  using mcp::Field;
  auto const& message = outcome.message;
  if (message.kind() != mcp::MessageKind::result || message.raw(Field::is_error) == "true") return false;
  auto const type = message.raw(Field::result_type);
  if (!type.empty() && type != R"("complete")") return false;
  if (message.has(Field::input_requests) || message.has(Field::task_id)) return false;
  return !call.structured_output || message.has(Field::structured_content);
}

// Another server's answer is for those who may use what gives it: a chain opens no door that is closed, be it
// by policies or because the caller's token is for other servers.
bool may_use(core::Call const& call, std::string_view server, std::string_view tool) {
  if (call.principal != nullptr && !call.principal->reaches(server)) return false;
  if (!call.access) return true;
  auto const access = tool.empty() ? call.access->to_server(*call.principal, server)
                                   : call.access->to_tool(*call.principal, server, tool);
  return access.verdict == core::Access::Verdict::allowed;
}

// Nobody else can do what this call is to do, and nothing can stand in for its having been done.
bool changes_something(core::Call const& call) noexcept { return call.updates || call.says_writes; }

// As the server knows it; "" for what is no tool's. One that was given up has no name among its facts.
std::string_view tool_of(core::Call const& call) noexcept {
  return call.method == mcp::Method::tools_call ? std::string_view(call.target) : std::string_view();
}

base::Task<base::Result<Outcome>> refuse(Error error) { co_return error; }

}  // namespace

// No coroutine itself: calls of servers without a fallback pay for no frame.
base::Task<FallbackLayer::Answer> FallbackLayer::handle(core::Call& call) {
  auto const& options = *options_;
  auto time = options.call;
  auto const* plan = &options.plan;
  if (!options.tools.empty() && call.method == mcp::Method::tools_call) {
    for (auto const& tool : options.tools) {
      if (!base::glob_matches(tool.pattern, call.target)) continue;
      time = tool.call.value_or(time);
      if (tool.plan) plan = &*tool.plan;
      break;
    }
  }
  auto const now = parts_.scheduler.now();
  call.deadline = call.answers_failure ? std::min(call.deadline, now + time) : now + time;
  call.extend_by = time;
  if (plan->empty() || call.answers_failure) return ask_own(call);
  return guard(call, options_, *plan);
}

base::Task<FallbackLayer::Answer> FallbackLayer::ask_own(core::Call& call) {
  return call.given_up ? refuse(*call.given_up) : inner_->handle(call);
}

base::Task<FallbackLayer::Answer> FallbackLayer::guard(core::Call& call, Options options,
                                                       FallbackPlan const& plan) {
  auto end = call.deadline;
  if (auto const others = plan.servers_for(base::Fault::timed_out); others > 0) {
    call.deadline = parts_.scheduler.now() + call.extend_by / (others + 1);
  }
  call.copy_wanted = plan.wants_copy();
  auto outcome = co_await ask_own(call);
  if (outcome || changes_something(call)) co_return outcome;
  if (call.given_up && parts_.copies.updates(call)) co_return outcome;
  auto const failure = outcome.error();
  if (!qualifies(failure)) co_return outcome;
  end = std::max(end, call.deadline);  // progress has moved it
  call.facts.degraded.reason = base::name_of(failure.fault);
  // What may have been executed already is not executed elsewhere (ruling 9).
  bool const unsent = failure.retry == base::Retry::always || failure.fault == base::Fault::connect_failed;
  bool const may_ask = unsent || may_be_repeated(call, options->repeat);
  auto instead = co_await stand_in(call, plan, options->local.get(), failure, end, may_ask);
  if (!instead) co_return outcome;
  co_return std::move(*instead);
}

base::Task<std::optional<Outcome>> FallbackLayer::stand_in(core::Call& call, FallbackPlan const& plan,
                                                           LocalAnswers* local, Error const& failure,
                                                           TimePoint end, bool may_ask) {
  auto const& steps = plan.steps_for(failure.fault);
  unsigned servers_left = plan.servers_for(failure.fault);
  for (auto const& step : steps) {
    auto const label = name_of(step.strategy);
    bool const other = step.strategy == Strategy::server;
    std::optional<Outcome> found;
    if (!other) found = co_await try_step(call, step, local, failure, end);
    if (other && may_ask) found = co_await ask_other(call, step, end, servers_left);
    if (other) --servers_left;
    if (!found) {
      parts_.metrics.fallback_misses.add(label);
      continue;
    }
    call.facts.degraded.by = kind_of(step.strategy);
    parts_.metrics.fallbacks.add(label);
    parts_.metrics.degraded_answers.add(mode_of(call.facts.degraded.by));
    tell(call, event_of(call.facts.degraded.by), label, failure);
    co_return found;
  }
  if (!steps.empty()) tell(call, event_of(Substitute::none), {}, failure);
  co_return std::nullopt;
}

base::Task<std::optional<Outcome>> FallbackLayer::try_step(core::Call& call, Step const& step,
                                                           LocalAnswers* local, Error const& failure,
                                                           TimePoint end) {
  if (kind_of(step.strategy) == Substitute::stale) co_return take_copy(call, failure);
  if (local == nullptr) co_return std::nullopt;
  auto const until = std::max(end, parts_.scheduler.now() + kFileGrace);
  auto answer = co_await local->find(step, call, failure, until);
  if (!answer) co_return std::nullopt;
  call.facts.degraded.age = answer->age;
  co_return std::move(answer->outcome);
}

std::optional<Outcome> FallbackLayer::take_copy(core::Call& call, Error const& failure) {
  auto copy = parts_.copies.copy_for(call);
  if (!copy) return std::nullopt;
  auto& facts = call.facts.degraded;
  facts.age = call.facts.cache.age;
  mark_degraded(*copy, call, kFromStale, {base::name_of(failure.fault), options_->server, facts.age, {}, {}});
  return copy;
}

// The same question to a server that can answer it too, through that one's own layers. Its failure, a tool's
// error among them, is no answer.
base::Task<std::optional<Outcome>> FallbackLayer::ask_other(core::Call& call, Step const& step, TimePoint end,
                                                            unsigned servers_left) {
  auto const now = parts_.scheduler.now();
  bool const renamed = !step.tool.empty() && call.method == mcp::Method::tools_call;
  std::string const tool(renamed ? std::string_view(step.tool) : tool_of(call));
  std::string_view const tenant = call.principal != nullptr ? std::string_view(call.principal->tenant) : "";
  auto const door = parts_.door_of(step.server, tool, tenant);
  if (door == nullptr || end <= now || !others_can_answer(call)) co_return std::nullopt;
  if (!may_use(call, step.server, tool)) co_return std::nullopt;
  core::OwnedCall other(call);
  other.call.facts.server = step.server;
  other.call.facts.tool = tool;
  other.call.given_up.reset();
  other.call.mirrored = nullptr;  // of the other's headers its backend learns by itself
  other.call.cache_order.reset();
  other.call.copy_wanted = other.call.updates = false;
  other.call.cacheable = false;  // of the other's tool, its own rules say what may be repeated
  other.call.answers_failure = true;
  other.call.deadline = now + (end - now) / servers_left;
  if (renamed) other.call.target = tool;
  auto outcome = co_await door->handle(other.call);
  call.facts.upstream += other.call.facts.upstream;
  if (!outcome || !answers(call, *outcome)) co_return std::nullopt;
  call.facts.degraded.server = step.server;
  mark_degraded(*outcome, call, kFromServer,
                {call.facts.degraded.reason, options_->server, std::nullopt, step.server, {}});
  co_return std::move(*outcome);
}

void FallbackLayer::tell(core::Call const& call, std::string_view event, std::string_view strategy,
                         Error const& failure) const {
  using observe::Key;
  if (!parts_.log.wants(observe::Level::info)) return;
  std::string_view const said = strategy.empty() ? "nothing could stand in" : strategy;
  parts_.log.event(observe::Level::info, event, said,
                   {{Key::server, call.facts.server},
                    {Key::tool, call.facts.tool},
                    {Key::method, mcp::traits_of(call.method).name},
                    {Key::error_type, base::name_of(failure.fault)},
                    {Key::duration_ms, parts_.scheduler.now() - call.started}});
}

}  // namespace weir::fallback
