#include "sim/degraded_witness.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.hpp"
#include "core/call.hpp"

namespace weir::test {

using config::FallbackKind;

namespace {

constexpr std::size_t kBreachesMost = 20;

std::string text_of(core::Outcome const& outcome) {
  std::string text;
  outcome.edits.append_to(text);
  return text;
}

// What the end of a call says about its server.
BreakerOracle::Said said_of(base::Result<core::Outcome> const& answer) {
  using base::Fault;
  using Said = BreakerOracle::Said;
  if (answer) {
    if (answer->message.kind() != mcp::MessageKind::error) return Said::success;
    auto const code = answer->message.integer(mcp::Field::error_code).value_or(-32603);
    if (code == -32603) return Said::failure;
    return code == -32600 || code == -32601 || code == -32602 || code == -32700 ? Said::nothing
                                                                                : Said::success;
  }
  auto const& error = answer.error();
  if (error.blame != base::Blame::upstream) return Said::nothing;
  switch (error.fault) {
    case Fault::timed_out:
    case Fault::unavailable:
    case Fault::connect_failed:
    case Fault::connection_lost:
    case Fault::protocol: return Said::failure;
    case Fault::throttled: return error.retry_after > base::Duration::zero() ? Said::nothing : Said::failure;
    default: return Said::nothing;
  }
}

// Failures of the server or of the way to it. Nothing stands in for anything else.
bool may_be_stood_in_for(base::Error const& error) {
  using base::Fault;
  if (error.fault == Fault::busy) return !error.server.empty();
  if (error.blame != base::Blame::upstream) return false;
  return error.fault == Fault::timed_out || error.fault == Fault::unavailable ||
         error.fault == Fault::throttled || error.fault == Fault::breaker_open ||
         error.fault == Fault::starting || error.fault == Fault::connect_failed ||
         error.fault == Fault::connection_lost || error.fault == Fault::protocol;
}

bool has(std::vector<FallbackKind> const& steps, FallbackKind kind) {
  return std::find(steps.begin(), steps.end(), kind) != steps.end();
}

std::string whose(core::Call const& call, std::string const& server) {
  return fmt::format("{} {} {} {} {}", call.principal->id, call.modern() ? "modern" : "legacy", server,
                     call.target, call.request.raw(mcp::Field::arguments));
}

}  // namespace

// One of the witness's places in the pipeline.
class DegradedWitness::Tap final : public core::Handler {
 public:
  using Way = std::function<base::Task<Answer>(core::Call&, core::Handler&)>;
  Tap(std::shared_ptr<core::Handler> layer, Way way) : layer_(std::move(layer)), way_(std::move(way)) {}
  base::Task<Answer> handle(core::Call& call) override { return way_(call, *layer_); }

 private:
  std::shared_ptr<core::Handler> layer_;
  Way way_;
};

// A call at a server, whatever ends it.
class DegradedWitness::Place {
 public:
  explicit Place(Incarnation& of) : of_(of) { ++of_.in_flight; }
  Place(Place const&) = delete;
  Place& operator=(Place const&) = delete;
  ~Place() { --of_.in_flight; }

 private:
  Incarnation& of_;
};

// A call behind the breaker, whatever ends it.
class DegradedWitness::Probe {
 public:
  Probe(BreakerOracle& oracle, base::Scheduler& scheduler) : oracle_(oracle), scheduler_(scheduler) {}
  Probe(Probe const&) = delete;
  Probe& operator=(Probe const&) = delete;
  ~Probe() { oracle_.ended(ticket, said, scheduler_.now()); }
  BreakerOracle::Ticket ticket;
  BreakerOracle::Said said = BreakerOracle::Said::nothing;

 private:
  BreakerOracle& oracle_;
  base::Scheduler& scheduler_;
};

void DegradedWitness::terms(std::string const& server, ServerTerms terms) {
  for (auto const& one : servers_[server].incarnations) {
    if (!one->current) continue;
    for (auto& line : one->lines) line.set(terms.of.breaker);
  }
  terms_.insert_or_assign(server, std::move(terms));
}

void DegradedWitness::closed(std::string const& server) {
  servers_[server].known = false;
  for (auto const& one : servers_[server].incarnations) one->current = false;
}

std::shared_ptr<core::Handler> DegradedWitness::tap(app::Stage stage, std::string const& server,
                                                    std::shared_ptr<core::Handler> layer) {
  using app::Stage;
  auto& book = servers_[server];
  Tap::Way way;
  switch (stage) {
    case Stage::deadline: {
      closed(server);
      auto const& terms = terms_.at(server);
      auto const made = std::make_shared<Incarnation>(Incarnation{
          server, std::vector(resilience::kOperationClasses, BreakerOracle(terms.of.breaker)), terms.call});
      book.incarnations.push_back(made);
      way = [this, made](core::Call& call, core::Handler& next) { return at_place(call, made, next); };
      break;
    }
    case Stage::limit: {
      auto const made = book.incarnations.back();
      way = [this, made](core::Call& call, core::Handler& next) { return behind_breaker(call, made, next); };
      break;
    }
    case Stage::breaker: {
      auto const made = book.incarnations.back();
      way = [this, made](core::Call& call, core::Handler& next) { return before_breaker(call, *made, next); };
      break;
    }
    case Stage::retry: return layer;
    case Stage::cache:
      way = [this, server](core::Call& call, core::Handler& next) { return at_cache(call, server, next); };
      break;
    case Stage::fallback: {
      auto const made = book.incarnations.back();
      way = [this, made](core::Call& call, core::Handler& next) { return at_door(call, made, next); };
      break;
    }
  }
  return std::make_shared<Tap>(std::move(layer), std::move(way));
}

void DegradedWitness::note(std::string_view what) {
  auto const now = scheduler_.now().time_since_epoch().count();
  if (tell_) fmt::print("{:>8} ms  {}\n", (scheduler_.now() - begun_) / std::chrono::milliseconds{1}, what);
  trace_ = base::hash64(what, trace_ ^ static_cast<std::uint64_t>(now));
}

void DegradedWitness::breach(int rule, std::string what) {
  if (breaches_.size() < kBreachesMost) breaches_.push_back(fmt::format("{}: {}", rule, std::move(what)));
}

base::Task<DegradedWitness::Answer> DegradedWitness::at_place(core::Call& call,
                                                              std::shared_ptr<Incarnation> of,
                                                              core::Handler& layer) {
  Place const place(*of);
  auto const limit = terms_.at(of->server).of.concurrency.limit;
  if (limit && of->in_flight > static_cast<int>(*limit))
    breach(2, fmt::format("{} calls at {}, which takes {}", of->in_flight, of->server, *limit));
  auto answer = co_await layer.handle(call);
  if (!answer) co_return answer;
  if (auto* const execution = execution_in(text_of(*answer))) {
    if (execution->owner.empty()) execution->owner = call.principal->id;
    if (!execution->fetched) execution->fetched = scheduler_.now();
  }
  co_return answer;
}

base::Task<DegradedWitness::Answer> DegradedWitness::behind_breaker(core::Call& call,
                                                                    std::shared_ptr<Incarnation> of,
                                                                    core::Handler& layer) {
  auto& oracle = of->lines[static_cast<std::size_t>(resilience::class_of(call.method))];
  Probe probe(oracle, scheduler_);
  if (auto wrong = oracle.admitted(scheduler_.now(), probe.ticket); !wrong.empty()) breach(5, wrong);
  auto answer = co_await layer.handle(call);
  probe.said = said_of(answer);
  note(fmt::format("{} {}", of->server, static_cast<int>(probe.said)));
  co_return answer;
}

base::Task<DegradedWitness::Answer> DegradedWitness::before_breaker(core::Call& call, Incarnation& of,
                                                                    core::Handler& layer) {
  auto answer = co_await layer.handle(call);
  if (!answer && answer.error().fault == base::Fault::breaker_open) {
    auto const& oracle = of.lines[static_cast<std::size_t>(resilience::class_of(call.method))];
    if (auto wrong = oracle.refused(scheduler_.now()); !wrong.empty()) breach(5, wrong);
  }
  co_return answer;
}

base::Task<DegradedWitness::Answer> DegradedWitness::at_cache(core::Call& call, std::string const& server,
                                                              core::Handler& layer) {
  auto answer = co_await layer.handle(call);
  if (auto const visit = visits_.find(&call); visit != visits_.end()) {
    visit->second.reached = true;
    visit->second.failure = answer ? std::nullopt : std::optional(answer.error());
    auto const copy = copies_.find(whose(call, server));
    visit->second.copy = copy != copies_.end() && scheduler_.now() - copy->second < terms_.at(server).kept;
  }
  if (answer && call.cacheable) remember_copy(call, server, text_of(*answer));
  co_return answer;
}

base::Task<DegradedWitness::Answer> DegradedWitness::at_door(core::Call& call,
                                                             std::shared_ptr<Incarnation> of,
                                                             core::Handler& layer) {
  struct Mark {  // that the call is here
    DegradedWitness& witness;
    core::Call const* call;
    bool writes;
    std::string const& server;
    ~Mark() {
      witness.visits_.erase(call);
      if (writes) --witness.servers_[server].writing;
    }
  };
  auto const& server = of->server;
  Mark const mark{*this, &call, call.target == "write", server};
  visits_[&call] = Visit{server, std::nullopt, false};
  if (of->current && !call.answers_failure && !call.given_up) servers_[server].known = true;
  auto const begun = scheduler_.now();
  if (mark.writes) {
    ++servers_[server].writing;
    std::erase_if(copies_,
                  [&](auto const& one) { return one.first.find(' ' + server + ' ') != std::string::npos; });
  }
  auto const terms = terms_.at(server);
  auto answer = co_await layer.handle(call);
  auto const lasted = scheduler_.now() - begun;
  if (!terms.starts && lasted >= of->call + kFileGrace + kTick)
    breach(1, fmt::format("{} of {} took {} ms", call.target, server,
                          std::chrono::floor<std::chrono::milliseconds>(lasted).count()));
  left_door(call, visits_[&call], terms, answer);
  co_return answer;
}

void DegradedWitness::remember_copy(core::Call const& call, std::string const& server,
                                    std::string const& text) {
  auto const* const execution = execution_in(text);
  if (execution == nullptr || !execution->fetched || servers_[server].writing > 0) return;
  copies_[whose(call, server)] = *execution->fetched;
}

void DegradedWitness::left_door(core::Call const& call, Visit const& visit, ServerTerms const& terms,
                                Answer const& answer) {
  bool const stood_in = call.facts.degraded.by != core::Substitute::none;
  note(fmt::format("{} {} {} {}", visit.server, call.target,
                   answer ? "answer" : base::name_of(answer.error().fault),
                   static_cast<int>(call.facts.degraded.by)));
  if (stood_in && answer) ++servers_[visit.server].stand_ins;
  if (!visit.reached) return;
  if (!visit.failure) {
    if (!answer || stood_in) breach(9, "something stands in for an answer of " + visit.server);
    return;
  }
  if (answer && (call.target == "write" || !may_be_stood_in_for(*visit.failure))) {
    breach(9, fmt::format("{} of {} ended with {} and was answered", call.target, visit.server,
                          base::name_of(visit.failure->fault)));
  }
  if (may_be_stood_in_for(*visit.failure)) expect_stand_in(call, visit, terms, answer);
}

// Where the terms name a copy and there is one, or something that is always there, the call is answered so.
void DegradedWitness::expect_stand_in(core::Call const& call, Visit const& visit, ServerTerms const& terms,
                                      Answer const& answer) {
  if (call.answers_failure || call.method != mcp::Method::tools_call || call.target == "write") return;
  bool const late = visit.failure->fault == base::Fault::timed_out;
  auto const& steps = late ? terms.on_timeout : terms.on_failure;
  if (!answer && (has(steps, FallbackKind::standard) || has(steps, FallbackKind::message)))
    breach(9, fmt::format("no default for {} of {}", call.target, visit.server));
  if (steps.empty() || (steps.front() != FallbackKind::any_copy && steps.front() != FallbackKind::stale_copy))
    return;
  if (!visit.copy) return;
  if (!answer || call.facts.degraded.by != core::Substitute::stale)
    breach(9, fmt::format("there is a copy of {} of {}, and it was not used after {}", call.target,
                          visit.server, base::name_of(visit.failure->fault)));
}

std::string DegradedWitness::executed(std::string const& server, std::string const& tool,
                                      std::string const& key) {
  if (tool == "write" && ++writes_[key] > 1) breach(7, "a write was executed twice at " + server);
  executions_.push_back({server, tool, key, {}, scheduler_.now(), {}});
  note(fmt::format("{} executes {} {}", server, tool, key));
  return fmt::format("{{{}}} #{}# from {}", key, executions_.size(), server);
}

DegradedWitness::Execution* DegradedWitness::execution_in(std::string_view text) {
  auto const at = text.find("} #");
  if (at == std::string_view::npos) return nullptr;
  auto const number = static_cast<std::size_t>(std::atoll(text.data() + at + 3));
  return number == 0 || number > executions_.size() ? nullptr : &executions_[number - 1];
}

int DegradedWitness::in_flight(std::string const& server) const {
  int sum = 0;
  for (auto const& one : servers_.at(server).incarnations) sum += one->in_flight;
  return sum;
}

int DegradedWitness::moves() const {
  int sum = 0;
  for (auto const& [name, book] : servers_) {
    for (auto const& one : book.incarnations) {
      for (auto const& line : one->lines) sum += line.moves().all();
    }
  }
  return sum;
}

void DegradedWitness::step() {
  for (auto const& [name, book] : servers_) {
    check_breakers(name, book);
    auto const& shown = metrics_.server(name);
    if (static_cast<int>(shown.requests_in_flight.value()) != in_flight(name))
      breach(2, fmt::format("{} calls at {}, the gauge shows {}", in_flight(name), name,
                            shown.requests_in_flight.value()));
    double counted = 0;
    for (auto const* const mode : {"stale", "server", "backup", "standard"})
      counted += shown.degraded_answers.of(mode).value();
    if (static_cast<int>(counted) != book.stand_ins)
      breach(9, fmt::format("{} stand-ins for {}, counted {}", book.stand_ins, name, counted));
  }
}

void DegradedWitness::check_breakers(std::string const& server, ServerBook const& book) {
  BreakerOracle::Moves moves;
  int worst = 0;
  for (auto const& one : book.incarnations) {
    for (auto const& line : one->lines) {
      moves += line.moves();
      if (!one->current || line.state() == BreakerOracle::State::closed) continue;
      worst = worst == 1 || line.state() == BreakerOracle::State::open ? 1 : 2;
    }
  }
  auto const& shown = metrics_.server(server);
  auto const& counted = shown.breaker_moves;
  auto const of = [](observe::Counter const& counter) { return static_cast<int>(counter.value()); };
  BreakerOracle::Moves const told{of(counted.opened_by_failures), of(counted.opened_by_failure_rate),
                                  of(counted.half_opened), of(counted.reopened), of(counted.closed)};
  bool const opens = of(shown.breaker_opens) == moves.by_failures + moves.by_rate + moves.reopened;
  if (told != moves || !opens)
    breach(5, fmt::format("breakers of {} have moved {} times, {} were counted", server, moves.all(),
                          told.all()));
  if (static_cast<int>(shown.breaker_state.value()) != worst)
    breach(5, fmt::format("the worst breaker of {} is in state {}, shown as {}", server, worst,
                          shown.breaker_state.value()));
}

}  // namespace weir::test
