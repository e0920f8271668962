#include "base/ready_until.hpp"
#include "store/embedded_thread.hpp"

namespace weir::store {

// The right to an answer; who drops it does not want it any more.
struct EmbeddedStore::Asked {
  explicit Asked(base::Scheduler& here) : question(std::make_shared<StoreQuestion>(here)) {}
  Asked(Asked const&) = delete;
  Asked& operator=(Asked const&) = delete;
  ~Asked() { question->take_back(); }
  std::shared_ptr<StoreQuestion> const question;
};

EmbeddedStore::EmbeddedStore(EmbeddedOptions options)
    : answer_within_(options.answer_within), count_within_(options.count_within) {
  auto const open_within = options.open_within;
  thread_ = std::make_shared<EmbeddedThread>(std::move(options));
  EmbeddedThread::start(thread_);
  thread_->settle(open_within);
}

EmbeddedStore::~EmbeddedStore() { stop(std::chrono::seconds{2}); }

std::uint64_t EmbeddedStore::sequence() const noexcept { return thread_->sequence(); }

base::Task<std::optional<Found>> EmbeddedStore::get(base::Scheduler& here, StoreKey key) {
  Asked const asked(here);
  asked.question->key = std::move(key);
  auto const until = here.now() + answer_within_;
  auto const thread = thread_;
  bool answered = thread->ask(asked.question);
  if (answered) answered = co_await base::ready_until(here, asked.question->done, until);
  if (!answered) thread->count_late();
  std::optional<Found> found;
  if (answered) found = std::move(asked.question->found);
  thread->count_hit(found.has_value());
  co_return found;
}

base::Task<std::optional<std::uint64_t>> EmbeddedStore::count(base::Scheduler& here, Selection what) {
  Asked const asked(here);
  asked.question->count = std::move(what);
  auto const until = here.now() + count_within_;
  auto const thread = thread_;
  bool answered = thread->ask(asked.question);
  if (answered) answered = co_await base::ready_until(here, asked.question->done, until);
  if (!answered) co_return std::nullopt;
  co_return asked.question->number;
}

void EmbeddedStore::put(StoreKey key, StoredAnswer answer) {
  thread_->put({std::move(key), std::move(answer)});
}
void EmbeddedStore::invalidate(Selection what, bool gone) { thread_->invalidate(std::move(what), gone); }
StoreStatus EmbeddedStore::status() const { return thread_->status(); }
void EmbeddedStore::set_limits(StoreLimits limits) { thread_->set_limits(std::move(limits)); }
void EmbeddedStore::stop(base::Duration patience) { thread_->stop(patience); }
bool EmbeddedStore::settle(base::Duration patience) { return thread_->settle(patience); }

std::unique_ptr<Store> open_embedded(EmbeddedOptions options) {
  return std::make_unique<EmbeddedStore>(std::move(options));
}

}  // namespace weir::store
