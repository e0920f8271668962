// AskingLoop: asks an issuer about tokens that only it can read, once for all who show the same one, and
// remembers the answers: good ones 60 s, bad ones 10 s, neither longer than the token lives.
//
// judge() is for any thread. The rest lives on one worker, its home, where stop() must be called before the
// last reference goes. At most kQuestionsMax at a time; kWaitingMax wait for their turn, for no longer than
// an answer may take, and whoever finds no place among them is told that the issuer is busy. After a failure
// it is not asked again at once (AskingRest); callers hear when it will be.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "auth/asking_rest.hpp"
#include "auth/known_tokens.hpp"
#include "base/sync.hpp"
#include "base/task_group.hpp"
#include "net/http_fetch.hpp"
#include "observe/log.hpp"

namespace weir::auth {

class AskingLoop {
 public:
  static constexpr base::Duration kAnswerMax = std::chrono::seconds{5};
  static constexpr base::Duration kSweepEvery = std::chrono::seconds{1};
  static constexpr std::size_t kQuestionsMax = 64;
  static constexpr std::size_t kWaitingMax = 1'000;

  AskingLoop(base::Scheduler& home, net::Fetcher& fetcher, observe::Log& log, config::Introspection settings,
             std::uint64_t seed);

  void start();  // idempotent
  void stop() noexcept;

  // What is known; nothing: it must be asked. A refused token is a null caller.
  std::optional<std::shared_ptr<TokenCaller const>> judge(std::string_view token, base::WallTime wall,
                                                          base::TimePoint now);

  // At home. A null caller: refused. Errors: unavailable, busy.
  using Answer = base::Result<std::shared_ptr<TokenCaller const>>;
  base::Task<Answer> ask(base::Secret const& token);

  config::Introspection const& settings() const noexcept { return settings_; }
  std::size_t known() const noexcept { return known_.size(); }

 private:
  struct Question {
    base::Event answered;
    std::optional<Answer> answer;
    explicit Question(base::Scheduler& home) : answered(home) {}
  };
  base::Task<void> keep_clean();
  base::Task<void> put(std::string digest, std::shared_ptr<Question> question, base::Secret token);
  base::Task<base::Semaphore::Permit> turn();
  void learn(std::string const& digest, Answer const& answer);
  base::Task<Answer> fetch(std::string const& digest, base::Secret const& token, base::TimePoint until);

  base::Scheduler& home_;
  net::Fetcher& fetcher_;
  observe::Log& log_;
  config::Introspection const settings_;
  KnownTokens known_;
  AskingRest rest_;
  base::Semaphore turns_;
  std::map<std::string, std::shared_ptr<Question>> questions_;
  bool stopped_ = false;
  base::TaskGroup tasks_;
};

}  // namespace weir::auth
