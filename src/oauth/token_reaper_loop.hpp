// TokenReaperLoop: lets go of tokens whose time is over, at most a second late, without anybody asking for
// them.
//
// One per process, on one worker; its thread. Starting it twice starts it once. Stops when it is
// destroyed.
#pragma once

#include "base/task_group.hpp"
#include "oauth/token_cache.hpp"

namespace weir::oauth {

class TokenReaperLoop {
 public:
  static constexpr base::Duration kPeriod = std::chrono::milliseconds{500};
  static constexpr std::size_t kBatchMax = 256;

  TokenReaperLoop(base::Scheduler& scheduler, TokenCache& cache)
      : scheduler_(scheduler), cache_(cache), task_(scheduler) {}
  void start() {
    if (task_.size() == 0) task_.spawn(run());
  }
  void stop() noexcept { task_.cancel(); }
  std::size_t running() const noexcept { return task_.size(); }

 private:
  base::Task<void> run();
  base::Scheduler& scheduler_;
  TokenCache& cache_;
  base::TaskGroup task_;
};

}  // namespace weir::oauth
