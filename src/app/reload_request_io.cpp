#include "app/gateway.hpp"
#include "base/ready_until.hpp"

// A reload that somebody waits for: as SIGHUP, but whoever asked is told what came of it.
namespace weir::app {

namespace {

constexpr base::Duration kReloadMax = std::chrono::seconds{25};  // `weir ctl reload` waits for longer

}  // namespace

base::Task<base::Result<std::string>> Gateway::reload_now() {
  if (!reload_read_) reload_read_ = std::make_unique<base::Event>(main_loop());
  auto const until = clock_.now() + kReloadMax;
  want_reload(true);
  if (options_.secrets != nullptr) options_.secrets->hurry();
  bool ended = false;
  while (!ended && !stopping_) {
    bool const in_time = co_await base::ready_until(main_loop(), *reload_read_, until);
    if (!in_time) break;
    ended = !anew_;  // else the one that has ended began before this was asked for
  }
  if (!ended) {
    co_return base::Error(base::Fault::timed_out, base::Blame::gateway,
                          "the reload has not come to its end; the gateway's log will say what comes of it");
  }
  co_return *reload_came_to_;
}

// Called before `settings_` are those that were read, and directly before they are taken over: whoever waits
// goes on after that.
void Gateway::tell_of_reload(base::Result<std::shared_ptr<config::Settings const>> const& read) {
  if (!reload_read_) return;  // nobody has ever asked
  if (read) {
    auto const changed = config::changes(*settings_, **read);
    reload_came_to_ =
        admin::reload_answer({changed.added.size(), changed.removed.size(), changed.changed.size()});
  } else {
    reload_came_to_ = base::Error(base::Fault::invalid_input, base::Blame::client,
                                  "the configuration was not taken over: " + read.error().detail);
  }
  reload_read_->set();
  reload_read_->reset();
}

}  // namespace weir::app
