// SecretDesk: the secrets of the running gateway: which there are, their values in force, and who is told
// when one changes.
//
// One per process, on the main thread, built before the settings and outliving the gateway. Before the
// gateway runs, fetch_now() asks the stores and waits; open() has them looked at from then on. Its log lines
// and its status name references, versions and ages, never values.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "app/kept_environment.hpp"
#include "config/settings.hpp"
#include "core/credential_slot.hpp"
#include "net/http_fetch.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "vault/secret_keeper_loop.hpp"

namespace weir::app {

class SecretDesk final : private vault::SecretKeeper::Listener {
 public:
  explicit SecretDesk(config::Environment& machine);
  ~SecretDesk() override;

  KeptEnvironment& environment() noexcept { return environment_; }
  void learn(config::Settings const& settings);  // which secrets these need; the others are forgotten
  // Settings read before learn() are not the last word: a store's secret is not known, and not known to fail,
  // or others are left out now.
  bool must_ask() const;
  void fetch_now();  // on a loop of its own; at most `secrets.timeout` for each store

  struct Parts {
    base::Scheduler& loop;
    net::Dialer& dialer;
    observe::Log& log;
    observe::Metrics& metrics;
    std::function<void()> changed;  // values have changed: make new settings
  };
  void open(Parts parts);
  void close();
  void hurry();  // look at everything now
  base::Task<void> settle();

  // What a server did with the secrets that it is sent, or its issuer with those that it is shown. True: one
  // was rolled back, make new settings.
  void accepted(std::string const& server, core::CredentialPart part);
  bool refused(std::string const& server, core::CredentialPart part);
  // A value that was rolled back is taken again: the one in use is refused there by now.
  void reconsider(std::string const& server, core::CredentialPart part);
  // What can be made of the values, as the settings say; `whole`: these are settings that could be taken
  // over. True: a new value cannot be used and was rolled back; make the settings again.
  bool judge(config::Settings const& settings, bool whole);
  void expire();  // reserves whose time is over; warns of what is too old
  bool in_reserve(base::Secret const& value) const { return table_.in_reserve(value); }

  void refresh_gauges();
  std::string status_json() const;

 private:
  struct Running;
  void changed(secrets::SecretTable::Changes const& changes) override;
  void failed(secrets::SecretReference const& document, std::string const& why, bool news) override;
  void recovered(secrets::SecretReference const& document) override;
  void learn_servers(config::Settings const& settings);
  void leave_out(config::Settings const& settings, KeptEnvironment::AllLeftOut left_out);
  void warn_of_limit();
  void give_sources(vault::SecretKeeper& keeper, base::Scheduler& loop, net::Fetcher& fetcher);
  std::vector<secrets::SecretReference> of_server(std::string const& server, core::CredentialPart part) const;
  base::Result<std::string> read_secret(std::string const& path) const;
  std::string path_of(secrets::SecretReference const& reference) const;

  config::Environment& machine_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  secrets::SecretTable table_;
  KeptEnvironment environment_;
  config::SecretStores stores_;
  std::vector<config::SecretUse> uses_;  // without those of disabled servers
  std::size_t beyond_ = 0;               // of these, how many are left out: there are too many
  bool others_left_out_ = false;
  std::map<std::string, config::Server> told_by_;  // servers that tell, without what they tell of
  std::set<std::string> warned_;                   // references that are too old, told once
  std::unique_ptr<Running> running_;
};

}  // namespace weir::app
