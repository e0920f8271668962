#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "app/secret_desk.hpp"
#include "app/secret_misfits.hpp"
#include "app/secret_status.hpp"
#include "app/server_options.hpp"
#include "vault/aws_source_io.hpp"
#include "vault/file_source_io.hpp"
#include "vault/vault_source_io.hpp"

namespace weir::app {

using base::Result;
using observe::Level;
using secrets::SecretReference;
using secrets::Store;

namespace {

constexpr std::size_t kSecretFileBytesMax = 64 * 1024;
constexpr auto kAllStores = std::chrono::seconds{10};

secrets::SecretTableOptions table_options(config::SecretStores const& stores) {
  secrets::SecretTableOptions options;
  options.refresh = stores.refresh;
  options.overlap = stores.overlap;
  return options;
}

secrets::VaultOptions vault_options(config::VaultSettings const& settings) {
  return {settings.space,   settings.mount,     settings.role_id.empty() ? settings.token : base::Secret(),
          settings.role_id, settings.secret_id, settings.approle_mount};
}

std::optional<base::WallTime> written_at(std::string const& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return base::WallTime(std::chrono::seconds(info.st_mtim.tv_sec));
}

bool far_away(SecretReference const& reference) {
  return reference.store == Store::vault || reference.store == Store::aws;
}

// What is sent to a server with every request, and what issuers are shown for its tokens: they say whether
// they take it. What programs get and what opens stores is used elsewhere, and nobody tells.
std::optional<core::CredentialPart> part_of(std::string_view path) {
  if (!path.starts_with("servers.")) return {};
  if (path.find(".headers.") != std::string_view::npos) return core::CredentialPart::sent;
  if (path.find(".auth.") == std::string_view::npos) return {};
  for (std::string_view const end : {".auth.token", ".auth.value"}) {
    if (path.ends_with(end)) return core::CredentialPart::sent;
  }
  for (std::string_view const end : {".client_secret", ".client_key", ".auth.password", ".auth.assertion"}) {
    if (path.ends_with(end)) return core::CredentialPart::shown;
  }
  return {};
}

// As `weir secrets` names it.
std::string user_of(std::string const& server, core::CredentialPart part) {
  return (part == core::CredentialPart::sent ? "" : "the issuer of ") + server;
}

std::string server_of(config::SecretUse const& use) {
  std::string_view name = use.path;
  name.remove_prefix(std::string_view("servers.").size());
  return std::string(name.substr(0, name.find('.')));
}

bool of_disabled(config::Settings const& settings, config::SecretUse const& use) {
  if (!use.path.starts_with("servers.")) return false;
  auto const* const server = settings.server(server_of(use));
  return server != nullptr && server->disabled;
}

// Who says whether they take it.
secrets::SecretTable::Users users_of(std::vector<config::SecretUse> const& uses, std::string_view reference) {
  secrets::SecretTable::Users users;
  for (auto const& use : uses) {
    auto const part = part_of(use.path);
    if (use.reference == reference && part) users.insert(user_of(server_of(use), *part));
  }
  return users;
}

}  // namespace

// What exists while the gateway runs. The keeper dies before what it asks with.
struct SecretDesk::Running {
  Parts parts;
  net::NetFetcher fetcher;
  vault::SecretKeeper keeper;
  Running(Parts given, secrets::SecretTable& table, vault::SecretKeeper::Listener& listener)
      : parts(std::move(given)), fetcher(parts.loop, parts.dialer), keeper(parts.loop, table, listener) {}
};

SecretDesk::SecretDesk(config::Environment& machine)
    : machine_(machine), table_({}, random_), environment_(machine, table_) {}

SecretDesk::~SecretDesk() = default;

void SecretDesk::learn(config::Settings const& settings) {
  bool const other_stores = stores_ != settings.stores;
  stores_ = settings.stores;
  uses_ = settings.references;
  std::erase_if(uses_, [&](config::SecretUse const& use) { return of_disabled(settings, use); });
  table_.set_options(table_options(stores_));
  std::vector<SecretReference> wanted;
  for (auto const& use : uses_) {
    if (auto reference = secrets::parse_reference(use.reference)) wanted.push_back(std::move(*reference));
  }
  table_.keep_only(wanted);  // first: what goes makes room
  KeptEnvironment::AllLeftOut left_out;
  for (auto const& use : uses_) {
    auto const reference = secrets::parse_reference(use.reference);
    if (!reference) continue;
    base::Duration const age_max = use.password ? stores_.password_age_max : stores_.token_age_max;
    auto users = users_of(uses_, use.reference);
    if (table_.want(*reference, age_max, clock_.now(), !users.empty())) {
      table_.set_users(*reference, std::move(users));
    } else {
      left_out.emplace(use.reference, KeptEnvironment::LeftOut::beyond);
    }
  }
  leave_out(settings, std::move(left_out));
  learn_servers(settings);
  if (!running_) return;
  if (other_stores) give_sources(running_->keeper, running_->parts.loop, running_->fetcher);
  running_->keeper.look_again();
}

void SecretDesk::leave_out(config::Settings const& settings, KeptEnvironment::AllLeftOut left_out) {
  beyond_ = left_out.size();
  for (auto const& use : settings.references) {
    auto const reference = secrets::parse_reference(use.reference);
    if (reference && of_disabled(settings, use) && !table_.holds(*reference))
      left_out.emplace(use.reference, KeptEnvironment::LeftOut::disabled);
  }
  others_left_out_ = environment_.leave_out(std::move(left_out));
  if (others_left_out_) warn_of_limit();
}

// Those of stores are errors of the configuration too; files are read, but nobody looks at them again.
void SecretDesk::warn_of_limit() {
  if (!running_ || beyond_ == 0) return;
  running_->parts.log.event(
      Level::warn, "secret.limit",
      fmt::format("{} references to secrets are beyond the {} that are kept: those of stores cannot be had, "
                  "and new values of files and credentials are seen at a reload only",
                  beyond_, table_.most()));
}

// A server with other settings is another one: it begins with the values in use, and has refused none.
void SecretDesk::learn_servers(config::Settings const& settings) {
  auto const before = std::exchange(told_by_, {});
  for (auto const& use : uses_) {
    if (!part_of(use.path)) continue;
    if (auto const* const server = settings.server(server_of(use)))
      told_by_.try_emplace(server->name, without_credentials(*server));
  }
  for (auto const& [name, server] : before) {
    auto const now = told_by_.find(name);
    if (now != told_by_.end() && now->second == server) continue;
    for (auto const part : {core::CredentialPart::sent, core::CredentialPart::shown})
      table_.forget_user(user_of(name, part));
  }
}

bool SecretDesk::must_ask() const {
  if (others_left_out_) return true;
  auto const all = table_.views();
  return std::any_of(all.begin(), all.end(), [](secrets::SecretView const& view) {
    return far_away(view.reference) && !view.known && view.alarm.empty();
  });
}

std::string SecretDesk::path_of(SecretReference const& reference) const {
  if (reference.store == Store::file) return machine_.absolute(reference.document);
  if (auto const folder = machine_.variable("CREDENTIALS_DIRECTORY"); folder && !folder->empty()) {
    auto path = fmt::format("{}/{}", *folder, reference.document);
    if (machine_.exists(path)) return path;
  }
  return "/run/secrets/" + reference.document;
}

Result<std::string> SecretDesk::read_secret(std::string const& path) const {
  auto text = machine_.read(path, kSecretFileBytesMax);
  if (text) return text;
  auto error = text.error();
  error.detail = "cannot be read: " + error.detail;
  return error;
}

void SecretDesk::give_sources(vault::SecretKeeper& keeper, base::Scheduler& loop, net::Fetcher& fetcher) {
  keeper.set_question_max(stores_.timeout);
  auto const read = [this](SecretReference const& about) -> Result<vault::FileSource::Found> {
    auto const path = path_of(about);
    auto text = read_secret(path);
    if (!text) return text.error();
    return vault::FileSource::Found{std::move(*text), written_at(path)};
  };
  keeper.set_source(Store::file, std::make_unique<vault::FileSource>(read));
  keeper.set_source(Store::cred, std::make_unique<vault::FileSource>(read));
  keeper.set_source(Store::vault, nullptr);
  if (auto const address = net::parse_url(stores_.vault.address)) {
    keeper.set_source(Store::vault, std::make_unique<vault::VaultSource>(
                                        loop, fetcher, *address, vault_options(stores_.vault), random_));
  }
  vault::AwsOptions aws{stores_.aws.region, stores_.aws.endpoint, stores_.aws.profile,
                        stores_.aws.instance_keys};
  keeper.set_source(
      Store::aws,
      std::make_unique<vault::AwsSource>(
          loop, fetcher, std::move(aws), [this](std::string_view name) { return machine_.variable(name); },
          [this](std::string const& path) { return read_secret(path); }, machine_.home()));
}

void SecretDesk::fetch_now() {
  struct Asking {
    static base::Task<void> run(vault::SecretKeeper& keeper, net::IoLoop& loop, base::TimePoint deadline) {
      co_await keeper.settle(deadline);
      loop.stop();
    }
  };
  net::IoLoop loop(clock_);
  std::shared_ptr<net::TlsContext const> trusted;
  if (must_ask()) {  // files need none
    if (auto made = net::TlsContext::system()) trusted = std::move(*made);
  }
  net::NetDialer dialer(loop, trusted.get());
  net::NetFetcher fetcher(loop, dialer);
  vault::SecretKeeper keeper(loop, table_, *this);
  give_sources(keeper, loop, fetcher);
  keeper.start();
  base::TaskGroup tasks(loop);
  tasks.spawn(Asking::run(keeper, loop, loop.now() + kAllStores));
  loop.run();
}

void SecretDesk::open(Parts parts) {
  vault::SecretKeeper::Listener& self = *this;
  running_ = std::make_unique<Running>(std::move(parts), table_, self);
  give_sources(running_->keeper, running_->parts.loop, running_->fetcher);
  running_->keeper.start();
  warn_of_limit();
}

void SecretDesk::close() { running_.reset(); }

void SecretDesk::hurry() {
  if (running_) running_->keeper.hurry();
}

base::Task<void> SecretDesk::settle() {
  if (running_) co_await running_->keeper.settle(clock_.now() + stores_.timeout + std::chrono::seconds{1});
}

void SecretDesk::changed(secrets::SecretTable::Changes const& changes) {
  if (!running_) return;
  for (auto const& [reference, change] : changes) {
    bool const first = change == secrets::SecretTable::Change::first;
    warned_.erase(reference.text());
    if (!first) running_->parts.metrics.gateway().secrets.changes.add("replaced");
    running_->parts.log.event(
        Level::info, first ? "secret.found" : "secret.replaced",
        fmt::format("{} {}", reference.text(), first ? "has a value" : "has a new value"));
  }
  running_->parts.changed();
}

void SecretDesk::failed(SecretReference const& document, std::string const& why, bool news) {
  if (!running_ || !news) return;
  running_->parts.log.event(
      Level::warn, "secret.store",
      fmt::format("{} cannot be had: {}; a value known before stays in use", document.document_name(), why));
}

void SecretDesk::recovered(SecretReference const& document) {
  if (!running_) return;
  running_->parts.log.event(Level::info, "secret.store", document.document_name() + " can be had again");
}

std::vector<SecretReference> SecretDesk::of_server(std::string const& server,
                                                   core::CredentialPart part) const {
  std::vector<SecretReference> out;
  for (auto const& use : uses_) {
    if (!use.path.starts_with("servers." + server + ".") || part_of(use.path) != part) continue;
    if (auto reference = secrets::parse_reference(use.reference)) out.push_back(std::move(*reference));
  }
  return out;
}

void SecretDesk::accepted(std::string const& server, core::CredentialPart part) {
  auto const user = user_of(server, part);
  for (auto const& reference : of_server(server, part)) table_.confirm(reference, clock_.now(), user);
  if (running_) running_->parts.metrics.gateway().secrets.changes.add("confirmed");
}

// A value that others use too is rolled back once they all refuse it: until then it is in use there.
bool SecretDesk::refused(std::string const& server, core::CredentialPart part) {
  auto const user = user_of(server, part);
  std::string what;
  bool any = false;
  for (auto const& reference : of_server(server, part)) {
    if (!table_.on_trial(reference, user, clock_.now())) continue;
    any = table_.reject(reference, clock_.now(), user) || any;
    what += (what.empty() ? "the new value of " : ", ") + reference.text();
  }
  if (!running_) return any;
  running_->parts.metrics.gateway().secrets.changes.add("rolled_back");
  running_->parts.log.event(
      Level::error, "secret.rolled_back",
      fmt::format("{} {} refuses {}; the one before is in use again{}",
                  part == core::CredentialPart::sent ? "server" : "the issuer of server", server,
                  what.empty() ? "its new credential" : what, any ? "" : " there"));
  return any;
}

void SecretDesk::reconsider(std::string const& server, core::CredentialPart part) {
  for (auto const& reference : of_server(server, part)) table_.forgive(reference);
}

bool SecretDesk::judge(config::Settings const& settings, bool whole) {
  std::vector<secrets::Misfit> misfits;
  for (auto& [reference, why] : misfits_of(settings)) {
    if (auto parsed = secrets::parse_reference(reference))
      misfits.push_back({std::move(*parsed), std::move(why)});
  }
  bool any = false;
  for (auto const& [misfit, rolled_back] : table_.judge(misfits, whole)) {
    any = any || rolled_back;
    if (!running_) continue;  // a start prints the problem itself
    if (rolled_back) running_->parts.metrics.gateway().secrets.changes.add("rolled_back");
    running_->parts.log.event(
        Level::error, rolled_back ? "secret.rolled_back" : "secret.unusable",
        fmt::format("the value of {} cannot be used: {}; {}", misfit.reference.text(), misfit.why,
                    rolled_back ? "the one before is in use again" : "what needs it is disabled"));
  }
  return any;
}

void SecretDesk::expire() {
  auto const wall = clock_.wall();
  table_.expire(clock_.now());
  for (auto const& view : table_.views()) {
    if (!running_ || !view.overdue(wall) || !warned_.insert(view.reference.text()).second) continue;
    running_->parts.log.event(
        Level::warn, "secret.old",
        fmt::format("{} is {} days old; replace it (`weir secrets rotate` says how)", view.reference.text(),
                    std::chrono::duration_cast<std::chrono::hours>(*view.age(wall)).count() / 24));
  }
}

void SecretDesk::refresh_gauges() {
  if (!running_) return;
  auto const& gauges = running_->parts.metrics.gateway().secrets;
  auto const wall = clock_.wall();
  double ages[4] = {};
  unsigned overdue = 0, failing = 0;
  for (auto const& view : table_.views()) {
    auto const age = view.age(wall);
    auto& oldest = ages[static_cast<std::size_t>(view.reference.store)];
    if (age) oldest = std::max(oldest, std::chrono::duration<double>(*age).count());
    overdue += view.overdue(wall) ? 1 : 0;
    failing += view.alarm.empty() ? 0 : 1;
  }
  gauges.file_age.set(ages[static_cast<std::size_t>(Store::file)]);
  gauges.cred_age.set(ages[static_cast<std::size_t>(Store::cred)]);
  gauges.vault_age.set(ages[static_cast<std::size_t>(Store::vault)]);
  gauges.aws_age.set(ages[static_cast<std::size_t>(Store::aws)]);
  gauges.overdue.set(overdue);
  gauges.failing.set(failing);
}

std::string SecretDesk::status_json() const {
  auto views = table_.views();
  if (running_) mask_views(views, [&log = running_->parts.log](std::string& text) { log.mask(text); });
  return secrets_json(views, uses_, clock_.wall(), {stores_.vault.space, stores_.vault.mount});
}

}  // namespace weir::app
