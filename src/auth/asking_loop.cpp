#include "auth/asking_loop.hpp"

#include "auth/introspection.hpp"
#include "base/run_until.hpp"

namespace weir::auth {

using base::Blame;
using base::Error;
using base::Fault;
using base::Task;

namespace {

constexpr base::Duration kGoodFor = std::chrono::seconds{60};
constexpr base::Duration kBadFor = std::chrono::seconds{10};

}  // namespace

AskingLoop::AskingLoop(base::Scheduler& home, net::Fetcher& fetcher, observe::Log& log,
                       config::Introspection settings, std::uint64_t seed)
    : home_(home),
      fetcher_(fetcher),
      log_(log),
      settings_(std::move(settings)),
      known_({kGoodFor, kBadFor}, seed),
      turns_(home, kQuestionsMax),
      tasks_(home) {}

void AskingLoop::start() {
  if (!stopped_ && tasks_.size() == 0) tasks_.spawn(keep_clean());
}

void AskingLoop::stop() noexcept {
  stopped_ = true;
  tasks_.cancel();
  for (auto& [digest, question] : questions_) {
    question->answer = Error(Fault::unavailable, Blame::gateway, "the settings have changed");
    question->answered.set();
  }
  questions_.clear();
}

Task<void> AskingLoop::keep_clean() {
  for (;;) {
    known_.sweep(home_.clock().wall(), home_.now());
    rest_.sweep(home_.now());
    co_await home_.sleep_for(kSweepEvery);
  }
}

std::optional<std::shared_ptr<TokenCaller const>> AskingLoop::judge(std::string_view token,
                                                                    base::WallTime wall,
                                                                    base::TimePoint now) {
  auto found = known_.find(token_digest(token), 0, wall, now);
  if (!found.caller && !found.bad) return std::nullopt;
  return std::move(found.caller);
}

Task<AskingLoop::Answer> AskingLoop::ask(base::Secret const& token) {
  auto const digest = token_digest(token.reveal());
  // It may have been answered on the way here.
  if (auto const known = judge(token.reveal(), home_.clock().wall(), home_.now())) co_return *known;
  auto const found = questions_.find(digest);
  auto question = found == questions_.end() ? nullptr : found->second;
  if (!question) {
    if (stopped_) co_return Error(Fault::unavailable, Blame::gateway, "the settings have changed");
    if (auto const resting = rest_.find(digest, home_.now())) co_return *resting;
    if (questions_.size() >= kQuestionsMax + kWaitingMax) {
      co_return Error(Fault::busy, Blame::gateway, "too many tokens are being looked up");
    }
    question = std::make_shared<Question>(home_);
    questions_.emplace(digest, question);
    tasks_.spawn(put(digest, question, token));
  }
  co_await question->answered.wait();
  co_return *question->answer;
}

Task<void> AskingLoop::put(std::string digest, std::shared_ptr<Question> question, base::Secret token) {
  auto const until = home_.now() + kAnswerMax;
  auto waiting = turn();
  if (co_await base::run_until(home_, waiting, until) != base::Ended::done) {
    question->answer = Error(Fault::busy, Blame::gateway, "too many tokens are being looked up");
  } else if (auto const resting = rest_.find(digest, home_.now())) {  // learnt since it came
    question->answer = *resting;
  } else {
    auto const held = waiting.take();
    question->answer = co_await fetch(digest, token, until);
    learn(digest, *question->answer);
  }
  question->answered.set();
  questions_.erase(digest);
}

void AskingLoop::learn(std::string const& digest, Answer const& answer) {
  if (!answer) {
    rest_.failed(digest, answer.error(), home_.now());
    log_.event(observe::Level::error, "auth.introspection",
               "a token could not be looked up at " + settings_.url + ": " + answer.error().detail);
    return;
  }
  rest_.answered();
  if (*answer) {
    known_.keep(digest, *answer, home_.clock().wall(), home_.now());
  } else {
    known_.keep_bad(digest, home_.now());
  }
}

Task<base::Semaphore::Permit> AskingLoop::turn() { co_return co_await turns_.acquire(); }

Task<AskingLoop::Answer> AskingLoop::fetch(std::string const& digest, base::Secret const& token,
                                           base::TimePoint until) {
  auto const request = introspection_request(settings_, token.reveal());
  if (!request) co_return request.error();
  auto const reply = co_await fetcher_.fetch(*request, until);
  if (!reply) co_return reply.error();
  auto caller = read_introspection(*reply, settings_, digest, home_.clock().wall());
  if (!caller) co_return caller.error();
  if (!*caller) co_return std::shared_ptr<TokenCaller const>();
  if (settings_.exchanged) {
    auto who = *(*caller)->principal;
    who.token = subject_token(token.reveal(), who, settings_.issuer, (*caller)->until);
    (*caller)->principal = std::make_shared<core::Principal const>(std::move(who));
  }
  co_return std::make_shared<TokenCaller const>(**std::move(caller));
}

}  // namespace weir::auth
