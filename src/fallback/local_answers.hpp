// LocalAnswers: what can be said of one server's calls without asking any server.
//
// Made for the layers of one worker; the sources behind it are the process's. A step that has nothing, or has
// it too late, is nothing. A source that is null holds nothing.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "core/outcome.hpp"
#include "fallback/backup_file.hpp"
#include "fallback/fallback_plan.hpp"

namespace weir::fallback {

class LocalAnswers {
 public:
  struct Answer {
    core::Outcome outcome;  // says in its `_meta` what it is
    base::Duration age{};   // of a file
  };
  virtual ~LocalAnswers() = default;
  virtual base::Task<std::optional<Answer>> find(Step const& step, core::Call const& call,
                                                 base::Error const& failure, base::TimePoint until) = 0;
};

class ServerAnswers final : public LocalAnswers {
 public:
  // `here` outlives this.
  ServerAnswers(base::Scheduler& here, std::string server, std::shared_ptr<BackupSource> backup,
                std::shared_ptr<BackupSource> standard)
      : here_(here), server_(std::move(server)), backup_(std::move(backup)), standard_(std::move(standard)) {}

  base::Task<std::optional<Answer>> find(Step const& step, core::Call const& call, base::Error const& failure,
                                         base::TimePoint until) override;

 private:
  base::Scheduler& here_;
  std::string const server_;
  std::shared_ptr<BackupSource> const backup_, standard_;
};

}  // namespace weir::fallback
