#include "app/trusts.hpp"

namespace weir::app {
namespace {

std::string id_of_server(std::string_view name) { return "server " + std::string(name); }
std::string id_of_listener(config::Address const& bind) { return "listener " + bind.shown(); }

}  // namespace

void Trusts::configure(std::shared_ptr<config::Settings const> settings) {
  settings_ = std::move(settings);
  ++round_;
  All next;
  for (auto const& [name, tls] : settings_->server_tls) {
    auto const* const server = settings_->server(name);
    if (server != nullptr && !server->disabled) adopt(next, id_of_server(name), files_of(name, tls));
  }
  for (std::size_t i = 0; i < settings_->listeners.size(); ++i) {
    auto const& listener = settings_->listeners[i];
    if (listener.tls) adopt(next, id_of_listener(listener.bind), files_of(i, *listener.tls));
  }
  all_ = std::move(next);
}

// Keeps the slot of a server whose files are others now, so that its connections need no restart.
void Trusts::adopt(All& into, std::string const& id, TlsFiles files) {
  Kept kept;
  if (auto const before = all_.find(id); before != all_.end()) {
    kept = std::move(before->second);
    kept.files.place = files.place;  // where it stands says nothing about it
    if (!(kept.files == files)) {
      kept.trouble.reset();
      kept.seen.reset();
    }
  }
  kept.files = std::move(files);
  auto const reading = read_tls(kept.files, environment_, clock_.wall());
  take_one(id, kept, reading);
  into.emplace(id, std::move(kept));
}

// True: it can be used now, and could not before.
bool Trusts::take_one(std::string const& id, Kept& kept, TlsReading const& reading) {
  if (!reading.trouble) {
    bool const again = kept.trouble.has_value();
    kept.trouble.reset();
    if (kept.seen == reading.profile) {
      if (again) log_.event(observe::Level::info, "tls.files", id + ": its files can be used again");
      return false;
    }
    return use(id, kept, reading.profile);
  }
  if (kept.trouble == reading.trouble) return false;
  kept.trouble = reading.trouble;
  auto const text = told(*reading.trouble, kept.files.place, *settings_);
  if (kept.seen) {
    log_.event(observe::Level::error, "tls.files", id + ": what was good stays in use: " + text);
    return false;
  }
  kept.problem = text;
  kept.context.reset();
  log_.event(observe::Level::error, "tls.files", id + ": " + text);
  return false;
}

bool Trusts::use(std::string const& id, Kept& kept, net::TlsProfile const& profile) {
  bool const first = !kept.slot && !kept.context;
  bool const was_out = !kept.problem.empty();
  if (id.starts_with("listener ")) {
    auto made = net::TlsContext::server(profile);
    if (!made) {
      kept.problem = made.error().detail;
      return false;
    }
    kept.context = std::move(*made);
  } else if (kept.slot) {
    kept.slot->set(contexts_.trust(profile));
  } else {
    kept.slot = std::make_shared<net::TrustSlot>(contexts_.trust(profile));
  }
  kept.seen = profile;
  kept.problem.clear();
  if (!first || was_out)
    log_.event(observe::Level::info, "tls.files", id + ": new certificates or keys are in use");
  return was_out;
}

Trusted Trusts::of_server(std::string_view name) const {
  auto const found = all_.find(id_of_server(name));
  if (found == all_.end()) return {};
  return {found->second.slot, found->second.problem, {}};
}

DoorTls Trusts::of_listener(config::Address const& bind) const {
  auto const found = all_.find(id_of_listener(bind));
  if (found == all_.end()) return {};
  return {true, found->second.context};
}

std::string Trusts::problem_of_listeners() const {
  for (auto const& [id, kept] : all_) {
    if (id.starts_with("listener ") && !kept.context) return kept.problem;
  }
  return {};
}

Trusts::Watched Trusts::watched() const {
  Watched watched{round_, {}};
  for (auto const& [id, kept] : all_) watched.files.push_back(kept.files);
  return watched;
}

bool Trusts::take(Watched const& read, std::vector<TlsReading> const& readings) {
  if (read.round != round_) return false;
  bool changed = false;
  std::size_t i = 0;
  for (auto& [id, kept] : all_) {
    if (i >= readings.size()) break;
    changed = take_one(id, kept, readings[i++]) || changed;
  }
  return changed;
}

}  // namespace weir::app
