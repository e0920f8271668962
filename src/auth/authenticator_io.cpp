#include "auth/authenticator.hpp"
#include "auth/bearer.hpp"

// The way of Authenticator that waits: to the home of the loops and back.
namespace weir::auth {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Task;

namespace {

constexpr int kFetchesMax = 2;

class FreshKeys final : public base::Errand<bool> {
 public:
  FreshKeys(base::Scheduler& here, std::shared_ptr<base::Workplace> there, std::shared_ptr<KeysLoop> keys,
            KeyKeeper::Why why, base::TimePoint deadline)
      : Errand(here, std::move(there)), keys_(std::move(keys)), why_(why), deadline_(deadline) {}

 private:
  Task<Result<bool>> perform() override { co_return co_await keys_->freshen(why_, deadline_); }
  std::shared_ptr<KeysLoop> const keys_;
  KeyKeeper::Why const why_;
  base::TimePoint const deadline_;
};

class Question final : public base::Errand<std::shared_ptr<TokenCaller const>> {
 public:
  Question(base::Scheduler& here, std::shared_ptr<base::Workplace> there, std::shared_ptr<AskingLoop> asking,
           std::string_view token)
      : Errand(here, std::move(there)), asking_(std::move(asking)), token_(token) {}

 private:
  Task<Result<std::shared_ptr<TokenCaller const>>> perform() override {
    co_return co_await asking_->ask(token_);
  }
  std::shared_ptr<AskingLoop> const asking_;
  base::Secret const token_;
};

Error nobody_knows() {
  return Error(Fault::unavailable, Blame::gateway, "the issuer cannot be asked", base::Retry::always)
      .again_in(std::chrono::seconds{5});
}

}  // namespace

// Waits for one fetch, and for another if that one was under way before: it may have begun before the
// token's key was published. All of it within kAnswerMax.
Task<Authenticator::Verdict> Authenticator::judge_late(std::string_view token, base::Scheduler& here) const {
  auto const deadline = here.now() + KeysLoop::kAnswerMax;
  auto verdict = sources_.issuer->judge(token, here.clock().wall(), here.now());
  for (int i = 0; i < kFetchesMax && verdict.kind == Verdict::Kind::wants_keys; ++i) {
    auto const waited = co_await base::run_errand<bool>(
        std::make_shared<FreshKeys>(here, sources_.home, sources_.keys, verdict.why, deadline));
    verdict = sources_.issuer->judge(token, here.clock().wall(), here.now());
    if (!waited || !*waited) break;
  }
  co_return verdict;
}

Task<Authenticator::Who> Authenticator::identify_late(Shown shown, base::Scheduler& here) const {
  auto const token = bearer_of(shown.authorization);
  std::optional<Verdict> verdict;
  if (opens_with_jwt_) {
    verdict = co_await judge_late(token, here);
    // The issuer could not be heard: the token is neither good nor bad.
    if (verdict->kind == Verdict::Kind::wants_keys) co_return nobody_knows();
  }
  auto who = decide(shown, here.clock().wall(), here.now(), verdict ? &*verdict : nullptr);
  if (who) co_return *std::move(who);
  if (!opens_by_asking_) co_return nobody_knows();
  auto const answer = co_await base::run_errand<std::shared_ptr<TokenCaller const>>(
      std::make_shared<Question>(here, sources_.home, sources_.asking, token));
  if (!answer) {
    if (answer.error().fault == Fault::busy) co_return answer.error();
    auto unheard = nobody_knows();
    if (answer.error().retry_after > base::Duration{}) unheard.retry_after = answer.error().retry_after;
    co_return unheard;
  }
  if (!*answer) co_return Error(Fault::unauthenticated, Blame::client, "token: not active, or not for us");
  co_return admitted(**answer, shown.endpoint, sources_.asking->settings().scopes);
}

}  // namespace weir::auth
