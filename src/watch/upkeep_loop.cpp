#include "watch/upkeep_loop.hpp"

#include <algorithm>
#include <utility>

#include "base/ready_until.hpp"
#include "base/run_until.hpp"
#include "core/outcome.hpp"
#include "core/resource_notes.hpp"
#include "mcp/json_text.hpp"

namespace weir::watch {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Task;
using mcp::Field;
using mcp::Method;

namespace {

constexpr int kInvalidParams = -32602;

Refusal refusal_in(mcp::Message const& error) {
  Refusal refusal;
  std::string scratch;
  refusal.code = static_cast<int>(error.integer(Field::error_code).value_or(kInvalidParams));
  refusal.message = error.text(Field::error_message, scratch);
  refusal.data = error.raw(Field::error_data);
  return refusal;
}

Error no_answer() { return Error(Fault::timed_out, Blame::upstream, "no answer to a subscription"); }

}  // namespace

// One subscription of a modern server.
struct Upkeep::Listening {
  explicit Listening(base::Scheduler& scheduler) : news(scheduler), tasks(scheduler) {}
  bool acknowledged = false;
  bool over = false;
  Error error;  // once it is over
  std::vector<std::string> honoured;
  base::Event news;
  base::TaskGroup tasks;
};

Upkeep::Upkeep(base::Scheduler& scheduler, base::Random& random, std::shared_ptr<core::Backend> backend,
               WatchBook& book, WatchOptions const& options, std::shared_ptr<core::ResourceObserver> also)
    : scheduler_(scheduler),
      random_(random),
      backend_(std::move(backend)),
      book_(book),
      options_(options),
      also_(std::move(also)),
      work_(scheduler),
      owed_(scheduler),
      progress_(scheduler),
      tasks_(scheduler) {
  backend_->hear(this);
  tasks_.spawn(keep());
  tasks_.spawn(tell());
}

Upkeep::~Upkeep() { backend_->hear(nullptr); }

void Upkeep::stop() noexcept {
  tasks_.cancel();
  current_.reset();
}

void Upkeep::progress() {
  progress_.set();
  progress_.reset();
}

void Upkeep::ask_anew(std::string_view uri) {
  plan_.ask_anew(uri);
  work_.set();
}

Task<Result<core::Outcome>> Upkeep::settled(std::string uri) {
  auto const until = scheduler_.now() + options_.answer_max;
  for (;;) {
    auto const* const mark = plan_.find(uri);
    if (mark != nullptr && mark->hold == WatchPlan::Hold::held) co_return core::from_result("{}");
    if (mark != nullptr && mark->hold == WatchPlan::Hold::refused)
      co_return core::from_error(mark->refusal.code, mark->refusal.message, mark->refusal.data);
    if (mark != nullptr && mark->hold == WatchPlan::Hold::failed)
      co_return Error(mark->error).about(std::string(backend_->name()));
    if (scheduler_.now() >= until) co_return no_answer().about(std::string(backend_->name()));
    co_await base::ready_until(scheduler_, progress_, until);
  }
}

void Upkeep::resource_updated_with(std::string_view uri, std::string_view more) {
  if (also_) also_->resource_updated_with(uri, more);
  if (book_.touch(uri, more)) owed_.set();
}

void Upkeep::resources_missed() {
  if (also_) also_->resources_missed();
  ++gaps_;
  bool const by_listening =
      backend_->listens() && current_;  // else it was held the other era's way, if at all
  if (!by_listening) lost(Error(Fault::connection_lost, Blame::upstream, "the server was gone"));
}

void Upkeep::lost(Error const& because) {
  if (plan_.lost(because)) try_later();
  work_.set();
  progress();
}

// Failures that follow one another closely make the pauses grow.
void Upkeep::try_later() {
  auto const now = scheduler_.now();
  if (retry_at_ != base::TimePoint::max()) return;
  if (failures_ > 0 && now - failed_at_ > options_.retry_max) failures_ = 0;
  failed_at_ = now;
  auto pause = options_.retry_min;
  for (unsigned i = 0; i < failures_ && pause < options_.retry_max; ++i) pause *= 2;
  ++failures_;
  retry_at_ = now + base::jittered(std::min(pause, options_.retry_max), 50, random_);
}

Task<void> Upkeep::tell() {
  for (;;) {
    co_await owed_.wait();
    co_await scheduler_.sleep_for(options_.coalesce);
    owed_.reset();
    auto const before = book_.readers();
    book_.tell(scheduler_.now());
    if (book_.readers() != before) work_.set();
  }
}

Task<void> Upkeep::keep() {
  for (;;) {
    work_.reset();
    if (scheduler_.now() >= retry_at_) {
      retry_at_ = base::TimePoint::max();
      plan_.forgive();
    }
    if (backend_->listens()) {
      co_await renew();
    } else {
      co_await ask_each();
    }
    co_await base::ready_until(scheduler_, work_, retry_at_);
  }
}

void Upkeep::watched(std::string const& uri) {
  if (!plan_.held(uri)) return;
  if (also_) also_->resource_updated(uri);
  if (book_.suspect(uri)) owed_.set();
}

Task<Result<mcp::Message>> Upkeep::ask(Method method, std::string const& uri) {
  std::string params = R"({"uri":)";
  mcp::append_json_string(params, uri);
  auto work = backend_->ask(method, params + '}');
  auto const ended = co_await base::run_until(scheduler_, work, scheduler_.now() + options_.answer_max);
  if (ended == base::Ended::done) co_return work.take();
  co_return no_answer();
}

// Legacy. The book may change meanwhile: what came in between is for the next round.
Task<void> Upkeep::ask_each() {
  current_.reset();
  auto const steps = plan_.next(book_.uris());
  for (auto const& uri : steps.subscribe) {
    if (!book_.wanted(uri)) continue;
    auto const gaps = gaps_;
    auto const answer = co_await ask(Method::resources_subscribe, uri);
    if (!answer) {
      plan_.failed(uri, answer.error());
      try_later();
    } else if (answer->kind() == mcp::MessageKind::error) {
      plan_.refused(uri, refusal_in(*answer));
    } else if (gaps == gaps_) {
      watched(uri);
    }
    if (gaps != gaps_) work_.set();  // asked of a server that may know it no more: once again
    progress();
  }
  for (auto const& uri : steps.unsubscribe) {
    if (book_.wanted(uri)) continue;
    plan_.dropped(uri);
    co_await ask(Method::resources_unsubscribe, uri);
    if (book_.wanted(uri)) work_.set();
  }
}

// Modern.
Task<void> Upkeep::renew() {
  auto const wanted = book_.uris();
  auto const steps = plan_.next(wanted);
  if (wanted.empty()) {
    for (auto const& uri : steps.unsubscribe) plan_.dropped(uri);
    current_.reset();
  }
  if (wanted.empty() || steps.none()) co_return;
  auto next = std::make_unique<Listening>(scheduler_);
  next->tasks.spawn(listen(*next, wanted));
  auto const until = scheduler_.now() + options_.answer_max;
  co_await base::ready_until(scheduler_, next->news, until);
  if (!next->acknowledged) {
    auto const error = next->over ? next->error : no_answer();
    for (auto const& uri : steps.subscribe) plan_.failed(uri, error);
    try_later();
    progress();
    co_return;
  }
  for (auto const& uri : steps.unsubscribe) plan_.dropped(uri);
  acknowledged(*next, wanted);
  std::swap(current_, next);
  if (current_->over) lost(current_->error);
  progress();
}

void Upkeep::acknowledged(Listening const& by, std::vector<std::string> const& wanted) {
  for (auto const& uri : wanted) {
    if (std::binary_search(by.honoured.begin(), by.honoured.end(), uri)) {
      watched(uri);
    } else {
      plan_.refused(uri, {kInvalidParams, "The server does not watch this resource", {}});
    }
  }
}

Task<void> Upkeep::listen(Listening& to, std::vector<std::string> uris) {
  auto const told = [this, &to](mcp::Message const& note) {
    if (note.method() == Method::notifications_subscriptions_acknowledged) {
      to.honoured = core::read_watched(note.raw(Field::notifications)).value_or(std::vector<std::string>());
      to.acknowledged = true;
      to.news.set();
    } else if (note.method() == Method::notifications_resources_updated) {
      std::string scratch;
      resource_updated_with(note.text(Field::uri, scratch), core::said_besides(note));
    }
  };
  auto const ended = co_await backend_->listen(core::listen_params(uris), told);
  to.error =
      ended ? Error(Fault::connection_lost, Blame::upstream, "it ended the subscription") : ended.error();
  to.over = true;
  to.news.set();
  if (&to == current_.get()) lost(to.error);
}

}  // namespace weir::watch
