#include <fmt/core.h>

#include "app/gateway.hpp"
#include "app/log_options.hpp"
#include "app/server_options.hpp"

// How a running gateway gets other settings: because somebody asked for it, or because a secret has changed.
namespace weir::app {

using core::CredentialNews;

void Gateway::want_reload(bool anew) {
  anew_ = anew_ || anew;
  reload_wanted_->set();
}

base::Task<void> Gateway::reload_loop() {
  for (;;) {
    co_await reload_wanted_->wait();
    reload_wanted_->reset();
    bool const anew = std::exchange(anew_, false);
    co_await reload(anew);
  }
}

base::Task<void> Gateway::reload(bool anew) {
  auto read = options_.reload(anew);
  auto* const secrets = options_.secrets;
  if (read && secrets != nullptr) {
    secrets->learn(**read);
    if (secrets->must_ask()) {  // a server must not be disabled while its new secret is on its way
      co_await secrets->settle();
      read = options_.reload(false);
    }
  }
  auto const& gauges = metrics_->gateway();
  gauges.config_last_reload_success.set(read ? 1 : 0);
  gauges.config_last_reload_timestamp.set(static_cast<double>(
      std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count()));
  tell_of_reload(read);
  if (!read) {
    if (secrets != nullptr) secrets->learn(*settings_);
    log_->event(observe::Level::error, "config.reload",
                "the configuration was not taken over: " + read.error().detail);
    co_return;
  }
  take_over(std::move(*read));
}

void Gateway::take_over(std::shared_ptr<config::Settings const> settings) {
  auto const before = std::exchange(settings_, std::move(settings));
  auto const changed = config::changes(*before, *settings_);
  auto const in_use_max = std::max<base::Duration>(before->stores.overlap, before->drain);
  retired_.replaced(before->secrets, settings_->secrets, clock_.now() + in_use_max);
  adjust_log(*log_, *settings_, retired_);
  for (auto const& server : settings_->servers) metrics_->server(server.name);
  for (auto const& server : before->servers) {
    auto const* const now = settings_->server(server.name);
    if (now != nullptr && !now->disabled) continue;
    metrics_->server(server.name).upstream_up.set(0);  // nobody looks at it any more
    metrics_->server(server.name).upstream_rss.set(0);
    metrics_->server(server.name).catalog_tools.set(0);
    metrics_->server(server.name).tools_suspect.set(0);
  }
  contexts_->set_options(context_options(*settings_));
  trusts_->configure(settings_);
  tokens_->cache.set_options(token_cache_options(settings_->tokens), clock_.now());
  sign_ins_->configure(*settings_);
  calls_->set_most(settings_->limits.in_flight);
  sessions_->set_options(table_options(settings_->sessions), clock_.now());
  sessions_->set_stream_limits(stream_limits(settings_->streams));
  reaper_->set_sweep(settings_->sessions.sweep);
  entrance_loop_->set_settings(settings_->rates, settings_->shedding);
  cache_->apply(*settings_);
  callers_->apply(*settings_, first_worker().place());
  tools_->apply(*settings_);
  apply();
  for (auto const& sentence : restart_keys_->reloaded(*settings_))
    log_->event(observe::Level::warn, "config.restart", sentence);
  log_->event(observe::Level::info, "config.reload",
              fmt::format("{} servers added, {} removed, {} changed, the rest keeps running",
                          changed.added.size(), changed.removed.size(), changed.changed.size()));
}

void Gateway::open_secrets() {
  if (options_.secrets == nullptr) return;
  options_.secrets->open(
      {main_loop(), threads_.front()->dialer, *log_, *metrics_, [this] { want_reload(false); }});
  tasks_->spawn(watch_secrets());
}

base::Task<void> Gateway::watch_secrets() {
  constexpr auto kPeriod = std::chrono::seconds{5};
  for (;;) {
    options_.secrets->expire();
    planner_->expire_credentials(clock_.now());
    auto const in_reserve = [this](base::Secret const& value) { return options_.secrets->in_reserve(value); };
    if (retired_.expire(clock_.now(), in_reserve)) adjust_log(*log_, *settings_, retired_);
    log_->drop_old_masks();
    co_await main_loop().sleep_for(kPeriod);
  }
}

void Gateway::credential_news(std::string const& server, core::CredentialPart part, CredentialNews news) {
  if (options_.secrets == nullptr || stopping_) return;
  switch (news) {
    case CredentialNews::good: options_.secrets->accepted(server, part); break;
    case CredentialNews::bad:
      if (options_.secrets->refused(server, part)) want_reload(false);
      break;
    case CredentialNews::refused:
      options_.secrets->reconsider(server, part);
      options_.secrets->hurry();
      planner_->offer_again(server, clock_.now());
      break;
  }
}

}  // namespace weir::app
