// FallbackLayer: gives each call of one server its time, and finds something to stand in for the answer when
// the server fails.
//
// One per server and worker, outermost on that server's side. The call's deadline is set here, once for
// everything: queues, attempts and fallback steps (F-47). Where the chain holds other servers, each of them
// and the server itself gets an equal part of what is left when its turn comes. Steps that ask no server wait
// for nothing but a file, at most kFileGrace beyond the deadline. Only failures of the server qualify; a call
// that changes something is answered by nothing but its own server. One that the router has given up goes to
// no server but those of the chain. What stands in says so: in the facts of the call, for headers and the
// access line, and in `_meta`. One worker.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/scheduler.hpp"
#include "core/copy_shelf.hpp"
#include "core/repeatable.hpp"
#include "fallback/fallback_plan.hpp"
#include "fallback/local_answers.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"

namespace weir::fallback {

struct ToolFallback {
  std::string pattern;  // glob over the server's own names of tools
  std::optional<base::Duration> call;
  std::optional<FallbackPlan> plan;
};

struct FallbackOptions {
  std::string server;
  base::Duration call = std::chrono::seconds{5};
  FallbackPlan plan;
  core::RepeatRules repeat;
  std::vector<ToolFallback> tools;      // the first match counts
  std::shared_ptr<LocalAnswers> local;  // null: there is nothing here
};

struct FallbackParts {  // all of them outlive the layer
  base::Scheduler& scheduler;
  core::CopyShelf& copies;
  // Where calls of another server go in on this worker, of its tool (its own name) or, with "", of no tool.
  // Null: there is no such server, or what its tool says of itself keeps callers of this tenant from it.
  using DoorOf = std::function<std::shared_ptr<core::Handler>(std::string_view server, std::string_view tool,
                                                              std::string_view tenant)>;
  DoorOf door_of;
  observe::ServerMetrics const& metrics;
  observe::Log& log;
};

class FallbackLayer final : public core::Handler {
 public:
  static constexpr base::Duration kFileGrace = std::chrono::milliseconds{25};

  FallbackLayer(std::shared_ptr<core::Handler> inner, FallbackParts parts,
                std::shared_ptr<FallbackOptions const> options)
      : inner_(std::move(inner)), parts_(std::move(parts)), options_(std::move(options)) {}

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

  void set_options(std::shared_ptr<FallbackOptions const> options) { options_ = std::move(options); }

 private:
  using Answer = base::Result<core::Outcome>;
  using Options = std::shared_ptr<FallbackOptions const>;
  base::Task<Answer> ask_own(core::Call& call);
  base::Task<Answer> guard(core::Call& call, Options options, FallbackPlan const& plan);
  base::Task<std::optional<core::Outcome>> stand_in(core::Call& call, FallbackPlan const& plan,
                                                    LocalAnswers* local, base::Error const& failure,
                                                    base::TimePoint end, bool may_ask);
  base::Task<std::optional<core::Outcome>> try_step(core::Call& call, Step const& step, LocalAnswers* local,
                                                    base::Error const& failure, base::TimePoint end);
  base::Task<std::optional<core::Outcome>> ask_other(core::Call& call, Step const& step, base::TimePoint end,
                                                     unsigned servers_left);
  std::optional<core::Outcome> take_copy(core::Call& call, base::Error const& failure);
  void tell(core::Call const& call, std::string_view event, std::string_view strategy,
            base::Error const& failure) const;

  std::shared_ptr<core::Handler> inner_;
  FallbackParts parts_;
  Options options_;
};

}  // namespace weir::fallback
