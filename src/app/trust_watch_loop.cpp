// What the gateway does about trust: contexts, their counts, and files that change while it runs.
#include <algorithm>

#include "app/gateway.hpp"
#include "app/server_options.hpp"

namespace weir::app {

void Gateway::build_trusts() {
  side_ = std::make_unique<net::SideThread>();
  contexts_ = std::make_unique<net::TlsContexts>(
      clock_, random_, context_options(*settings_),
      [system = tls_](net::TlsProfile const& profile) {
        return net::TlsContext::client(profile, system.get());
      },
      [this](std::function<void()> work) { return side_->give(std::move(work)); });
  contexts_->on_built([seconds = metrics_->gateway().tls_build_time](base::Duration took) {
    seconds.observe(std::chrono::duration<double>(took).count());
  });
  trusts_ = std::make_unique<Trusts>(*contexts_, environment_, clock_, *log_);
  trusts_->configure(settings_);
}

// Files are compared by what they hold: dates say nothing where a link is moved or a volume is mounted anew.
base::Task<void> Gateway::watch_trusts() {
  struct Round {
    explicit Round(base::Scheduler& loop) noexcept : done(loop) {}
    Trusts::Watched files;
    std::vector<TlsReading> readings;
    base::Event done;
  };
  auto& loop = main_loop();
  for (;;) {
    co_await loop.sleep_for(settings_->tls.check);
    contexts_->expire();
    auto const round = std::make_shared<Round>(loop);
    round->files = trusts_->watched();
    if (round->files.files.empty()) continue;
    bool const taken = side_->give([round, &loop, &environment = environment_, now = clock_.wall()] {
      for (auto const& files : round->files.files)
        round->readings.push_back(read_tls(files, environment, now));
      loop.post([round] { round->done.set(); });
    });
    if (!taken) continue;
    co_await round->done.wait();
    if (trusts_->take(round->files, round->readings)) apply();
  }
}

void Gateway::count_contexts() {
  auto const& to = metrics_->gateway();
  auto const now = contexts_->counters();
  auto const add = [](observe::CounterSet const& set, char const* word, std::uint64_t after,
                      std::uint64_t before) {
    if (after > before) set.add(word, static_cast<double>(after - before));
  };
  auto const& before = contexts_counted_;
  add(to.tls_context_lookups, "hit", now.hits, before.hits);
  add(to.tls_context_lookups, "miss", now.misses, before.misses);
  add(to.tls_context_lookups, "joined", now.joined, before.joined);
  add(to.tls_context_lookups, "broken", now.broken, before.broken);
  add(to.tls_context_lookups, "busy", now.busy, before.busy);
  add(to.tls_context_endings, "evicted", now.evicted, before.evicted);
  add(to.tls_context_endings, "expired", now.expired, before.expired);
  to.tls_contexts.set(static_cast<double>(contexts_->size()));
  contexts_counted_ = now;
}

}  // namespace weir::app
