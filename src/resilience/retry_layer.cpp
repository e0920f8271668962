#include "resilience/retry_layer.hpp"

#include <utility>

#include "resilience/spent_elsewhere.hpp"
#include "resilience/verdict.hpp"

namespace weir::resilience {
namespace {

using base::Duration;

bool unsent(base::Error const& error) noexcept {
  return error.fault == base::Fault::connect_failed && error.retry == base::Retry::always;
}

bool stale(base::Error const& error) noexcept {
  return error.fault == base::Fault::connection_lost && error.retry == base::Retry::stale_connection;
}

// Stands before the client while attempts are made: hears whether it was told or asked anything. What it
// changed in the call is put back when it dies.
class Ear final : public core::ClientSink {
 public:
  Ear(core::Call& call, bool listens) noexcept : call_(call), client_(call.client) {
    if (listens) call.client = this;
  }
  Ear(Ear const&) = delete;
  Ear& operator=(Ear const&) = delete;
  ~Ear() override {
    call_.client = client_;
    call_.attempt_most = Duration::zero();
  }
  bool heard() const noexcept { return heard_; }

  base::Task<bool> notify(std::string notification) override {
    heard_ = true;
    return client_->notify(std::move(notification));
  }
  base::Task<base::Result<mcp::Message>> ask(std::string method, std::string params) override {
    heard_ = true;
    return client_->ask(std::move(method), std::move(params));
  }

 private:
  core::Call& call_;
  core::ClientSink* client_;
  bool heard_ = false;
};

}  // namespace

// A call that is under way, attempts and waits together.
class RetryLayer::UnderWay {
 public:
  explicit UnderWay(RetryLayer& layer) noexcept : layer_(layer) {
    layer_.book_->budget.under_way(++layer_.under_way_);
  }
  UnderWay(UnderWay const&) = delete;
  UnderWay& operator=(UnderWay const&) = delete;
  ~UnderWay() { --layer_.under_way_; }

 private:
  RetryLayer& layer_;
};

void RetryLayer::set_options(RetryOptions options) {
  book_->budget.set_share(options.budget);
  policy_ = std::make_shared<RetryPolicy const>(std::move(options));
}

base::Task<RetryLayer::Answer> RetryLayer::handle(core::Call& call) {
  if (policy_->options().attempts == 0) return send_once(call);
  return send(call, policy_);
}

// Hedges go by what is learned here, whether or not anything is sent again.
base::Task<RetryLayer::Answer> RetryLayer::send_once(core::Call& call) {
  auto const begun = scheduler_.now();
  auto const elsewhere = spent_elsewhere(call);
  auto answer = co_await inner_->handle(call);
  learn(call, answer, scheduler_.now() - begun - (spent_elsewhere(call) - elsewhere));
  co_return answer;
}

base::Task<RetryLayer::Answer> RetryLayer::send(core::Call& call, PolicyRef policy) {
  UnderWay const counted(*this);
  RetryPolicy::Attempt attempt;
  attempt.repeatable = policy->repeatable(call);
  Ear const ear(call, attempt.repeatable);
  for (;; ++attempt.sends) {
    auto const begun = scheduler_.now();
    auto const elsewhere = spent_elsewhere(call);
    call.attempt_most = attempt_most(call, *policy, attempt);
    auto answer = co_await inner_->handle(call);
    learn(call, answer, scheduler_.now() - begun - (spent_elsewhere(call) - elsewhere));
    attempt.heard = ear.heard();
    if (answer) co_return answer;
    attempt.stale = attempt.stale || stale(answer.error());
    if (unsent(answer.error())) ++attempt.unsent;
    auto const wait = wait_before_next(call, answer, *policy, attempt);
    if (!wait) co_return answer;
    if (*wait > Duration::zero()) co_await scheduler_.sleep_for(*wait);
  }
}

// None for the last attempt, and none when the budget would not pay for another: then patience is better.
Duration RetryLayer::attempt_most(core::Call const& call, RetryPolicy const& policy,
                                  RetryPolicy::Attempt const& attempt) const {
  bool const another = attempt.repeatable && !attempt.heard &&
                       attempt.counted() <= policy.options().attempts &&
                       book_->budget.allows(scheduler_.now());
  if (!another) return Duration::zero();
  return policy.attempt_most(book_->times.of(call).quantile(0.95));
}

void RetryLayer::learn(core::Call const& call, Answer const& answer, Duration took) {
  if (!answer && answer.error().fault == base::Fault::breaker_open) return;  // nothing was sent
  book_->budget.sent();
  auto const verdict = verdict_on_server(answer);
  if (!verdict) return;
  if (*verdict == Verdict::failure) return book_->budget.failed();
  book_->budget.succeeded();
  book_->times.of(call).add(took);
}

std::optional<Duration> RetryLayer::wait_before_next(core::Call const& call, Answer const& answer,
                                                     RetryPolicy const& policy,
                                                     RetryPolicy::Attempt const& attempt) {
  using Refusal = RetryPolicy::Refusal;
  auto const& error = answer.error();
  auto const now = scheduler_.now();
  auto const decision = policy.again(error, attempt, call.deadline, now, book_->luck());
  switch (decision.refusal) {
    case Refusal::not_allowed: return std::nullopt;
    case Refusal::attempts: refused_.add("attempts"); return std::nullopt;
    case Refusal::deadline: refused_.add("deadline"); return std::nullopt;
    case Refusal::none: break;
  }
  bool const allowed = unsent(error) ? book_->budget.bears() : book_->budget.take(now);
  if (!allowed) {
    refused_.add("budget");
    return std::nullopt;
  }
  bool const lost = error.fault == base::Fault::timed_out && call.attempt_most > Duration::zero();
  retries_.add(lost ? "lost" : base::name_of(error.fault));
  return decision.wait;
}

}  // namespace weir::resilience
