#include <fmt/core.h>

#include <algorithm>

#include "base/run_until.hpp"
#include "chaos/ledger_client.hpp"
#include "upstream/own_request.hpp"

namespace weir::chaos {

using base::Result;
using base::Task;
using mcp::Field;

namespace {

constexpr std::size_t kAnswerBytesMax = 64 * 1024 * 1024;
constexpr std::string_view kClientInfo = R"({"name":"weir-chaos","version":"1"})";
constexpr std::size_t kExampleBytesMax = 200;

net::ClientOptions client_options(std::size_t concurrency) {
  net::ClientOptions options;
  options.in_use_max = options.idle_max = concurrency;
  options.limits.body_bytes_max = kAnswerBytesMax;
  options.event_bytes_max = kAnswerBytesMax;
  return options;
}

bool is_note(std::string const& text) {
  auto const message = mcp::decode(text, {.json = {}, .bytes_max = kAnswerBytesMax});
  return message && message->kind() == mcp::MessageKind::notification;
}

// An answer to resources/read names the resource: one that another call of the run asks for is not ours.
bool is_of_another(std::vector<Operation> const& all, Operation const& asked, mcp::Message const& answer) {
  if (asked.method != mcp::Method::resources_read) return false;
  auto const uri = resource_of(answer.raw(Field::result));
  return uri != asked.target && std::any_of(all.begin(), all.end(), [&](Operation const& other) {
           return other.method == mcp::Method::resources_read && other.target == uri;
         });
}

double ms_of(base::Duration took) { return std::chrono::duration<double, std::milli>(took).count(); }

void note(ChaosReport& report, Operation const& operation, std::string_view what, std::string_view text) {
  if (!report.example.empty()) return;
  report.example = fmt::format("{} of {} {} {}: {}", mcp::traits_of(operation.method).name, operation.server,
                               operation.target, what, text.substr(0, kExampleBytesMax));
}

}  // namespace

struct LedgerClient::Run {
  std::vector<Operation> operations;
  BeforeCall before_call;
  ChaosReport& report;
  Ledger ledger;
  std::uint64_t next = 0;
  base::TimePoint until;
};

LedgerClient::LedgerClient(net::IoLoop& loop, LedgerClientOptions options)
    : loop_(loop),
      options_(std::move(options)),
      dialer_(loop, nullptr),
      http_(loop, dialer_, net::Endpoint{false, options_.endpoint.host, options_.endpoint.port},
            client_options(options_.concurrency)) {}

upstream::HttpHeads const& LedgerClient::heads_of(std::string const& server) {
  auto const found = heads_.find(server);
  if (found != heads_.end()) return found->second;
  auto url = options_.endpoint;
  url.target += "/" + server;
  core::CredentialFields fields;
  if (!options_.key.empty()) fields.emplace_back("Authorization", base::Secret("Bearer " + options_.key));
  return heads_.try_emplace(server, url, fields).first->second;
}

std::size_t LedgerClient::in_flight(std::string const& server) const {
  auto const found = in_flight_.find(server);
  return found == in_flight_.end() ? 0 : found->second;
}

Task<Result<void>> LedgerClient::exchange(Operation const& operation, std::uint64_t id, Answers& answers) {
  auto const body =
      upstream::own_request(operation.method, operation.params, id, mcp::kNewest, std::string(kClientInfo));
  auto decoded = mcp::decode(body, {.json = {}, .bytes_max = kAnswerBytesMax});
  if (!decoded)
    co_return base::Error(base::Fault::invalid_input, base::Blame::client, "arguments are no JSON");
  core::Call call(std::move(*decoded));
  call.target = operation.target;
  call.mirrored = operation.mirrored.empty() ? nullptr : &operation.mirrored;
  auto const& heads = heads_of(operation.server);
  auto const own = upstream::HttpHeads::modern(call, mcp::kNewest, body.size());
  std::array<iovec, 2> const parts{
      {{const_cast<char*>(own.data()), own.size()}, {const_cast<char*>(body.data()), body.size()}}};
  auto reply = co_await http_.exchange(heads.fixed(upstream::HttpHeads::Verb::post), parts);
  if (!reply) co_return reply.error();
  if (!reply->event_stream()) {
    auto text = co_await reply->body();
    if (!text) co_return text.error();
    answers.finals.push_back(std::move(*text));
    co_return Result<void>();
  }
  for (;;) {
    auto event = co_await reply->next_event();
    if (!event) co_return event.error();
    if (!*event) co_return Result<void>();
    if (!is_note((*event)->data)) answers.finals.push_back(std::move((*event)->data));
  }
}

Task<Result<mcp::Message>> LedgerClient::ask(Operation operation, base::Duration within) {
  Answers answers;
  auto work = exchange(operation, ++last_id_, answers);
  auto const ended = co_await base::run_until(loop_, work, loop_.now() + within);
  if (ended != base::Ended::done)
    co_return base::Error(base::Fault::timed_out, base::Blame::gateway, "the gateway did not answer in time");
  auto const done = work.take();
  if (!done) co_return done.error();
  if (!answers.finals.empty()) {
    auto message = mcp::decode(std::move(answers.finals.front()), {.json = {}, .bytes_max = kAnswerBytesMax});
    if (message) co_return std::move(*message);
  }
  co_return base::Error(base::Fault::protocol, base::Blame::gateway, "the gateway's answer is no JSON-RPC");
}

Task<void> LedgerClient::run(std::vector<Operation> operations, BeforeCall before_call, ChaosReport& report) {
  Run state{std::move(operations), std::move(before_call), report, {}, 0, loop_.now() + options_.time_max};
  auto const began = loop_.now();
  base::TaskGroup workers(loop_);
  for (std::size_t i = 0; i < options_.concurrency; ++i) workers.spawn(worker(state));
  co_await workers.idle();
  report.took = loop_.now() - began;
  report.calls = state.ledger.totals();
}

Task<void> LedgerClient::worker(Run& run) {
  while (run.next < options_.calls && loop_.now() < run.until) {
    if (options_.stop != nullptr && *options_.stop) co_return;
    auto const number = run.next++;
    Operation const& operation = run.operations[number % run.operations.size()];
    if (run.before_call) run.before_call(number, operation);
    bool const served = co_await one_call(run, operation);
    if (!served) co_await loop_.sleep_for(kAfterError);
  }
}

Task<bool> LedgerClient::one_call(Run& run, Operation const& operation) {
  auto const id = ++last_id_;
  run.ledger.issued(std::to_string(id), true);
  Answers answers;
  auto const sent = loop_.now();
  struct Counted {
    std::size_t& count;
    explicit Counted(std::size_t& c) : count(c) { ++count; }
    Counted(Counted const&) = delete;
    Counted& operator=(Counted const&) = delete;
    ~Counted() { --count; }
  } const counted(in_flight_[operation.server]);
  auto work = exchange(operation, id, answers);
  auto const ended = co_await base::run_until(loop_, work, sent + operation.deadline + kPatience);
  auto const took = loop_.now() - sent;
  if (ended != base::Ended::done) {
    answers.failure = "nothing came";
  } else if (auto const done = work.take(); !done) {
    answers.failure = done.error().detail;
  }
  work = {};
  run.report.times.add(took);
  if (!answers.finals.empty() && took > operation.deadline + ChaosReport::kGrace) {
    ++run.report.late;
    note(run.report, operation, fmt::format("came after {:.0f} ms", ms_of(took)), answers.finals.front());
  }
  run.report.deadline = std::max(run.report.deadline, operation.deadline);
  co_return account(run, operation, id, answers);
}

bool LedgerClient::account(Run& run, Operation const& operation, std::uint64_t id, Answers const& answers) {
  bool served = false;
  if (answers.finals.empty()) note(run.report, operation, "was not answered", answers.failure);
  if (answers.finals.size() > 1) note(run.report, operation, "was answered twice", answers.finals.back());
  for (auto const& text : answers.finals) {
    auto const message = mcp::decode(text, {.json = {}, .bytes_max = kAnswerBytesMax});
    bool const asked = message && message->raw(Field::id) == std::to_string(id);
    bool const result = message && message->kind() == mcp::MessageKind::result;
    bool const foreign = asked && result && is_of_another(run.operations, operation, *message);
    if (!asked || foreign) note(run.report, operation, "got another's answer", text);
    run.ledger.answered(std::to_string(id), !asked    ? Ledger::Answer::unasked
                                            : foreign ? Ledger::Answer::foreign
                                            : result  ? Ledger::Answer::result
                                                      : Ledger::Answer::error);
    if (!asked || foreign || served) continue;
    auto const kind = class_of(*message);
    run.report.count(kind);
    if (kind == AnswerClass::error) ++run.report.errors[reason_of(*message)];
    served = kind != AnswerClass::error;
  }
  return served;
}

}  // namespace weir::chaos
