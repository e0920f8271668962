// SecretKeeper: looks at every secret of a SecretTable when it is due, and tells what has changed (F-28,
//
//
// One per process, on the first worker; all members are its thread's. At most kAtOnce stores are asked at a
// time, each for `question_max` at most. Stops when it is destroyed; what is being asked then is due again.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "base/sync.hpp"
#include "base/task_group.hpp"
#include "vault/secret_source.hpp"

namespace weir::vault {

class SecretKeeper {
 public:
  static constexpr std::size_t kAtOnce = 16;

  struct Listener {
    virtual ~Listener() = default;
    virtual void changed(secrets::SecretTable::Changes const& changes) = 0;
    // `news`: worth a line in a log, see SecretTable::worth_telling(). `why` is fit for one.
    virtual void failed(secrets::SecretReference const& document, std::string const& why, bool news) = 0;
    virtual void recovered(secrets::SecretReference const& document) = 0;
  };

  SecretKeeper(base::Scheduler& scheduler, secrets::SecretTable& table, Listener& listener);

  // In effect for the next question. A store without a source fails with a sentence that says so.
  void set_source(secrets::Store store, std::unique_ptr<SecretSource> source);
  void set_question_max(base::Duration most) noexcept { question_max_ = most; }
  void start();       // idempotent
  void look_again();  // the table has changed: something may be due earlier
  void hurry() {      // everything is looked at now
    table_.hurry(scheduler_.now());
    look_again();
  }
  // Until no document is due or being asked, or the deadline.
  base::Task<void> settle(base::TimePoint deadline);

 private:
  base::Task<void> run();
  base::Task<void> ask(secrets::SecretTable::Asking asking, std::shared_ptr<SecretSource> source);

  base::Scheduler& scheduler_;
  secrets::SecretTable& table_;
  Listener& listener_;
  std::map<secrets::Store, std::shared_ptr<SecretSource>> sources_;
  base::Duration question_max_ = std::chrono::seconds{5};
  base::Event news_;
  base::Event quiet_;  // nothing is due or being asked
  base::TaskGroup asking_;
  base::TaskGroup loop_;  // last: cancelled first
};

}  // namespace weir::vault
