#include "app/callers.hpp"

namespace weir::app {
namespace {

// Of the address that is asked first.
std::string place_of_issuer(config::Settings const& settings) {
  bool const by_address = settings.jwt && !settings.jwt->jwks_url.empty();
  auto const found = settings.places.find(by_address ? "auth.jwt.jwks_url" : "auth.jwt.issuer");
  return found == settings.places.end() ? std::string() : found->second;
}

}  // namespace

void Callers::apply(config::Settings const& settings, std::shared_ptr<base::Workplace> place) {
  auto next = sources();
  next.home = std::move(place);
  bool const same_issuer = settings.jwt ? next.issuer != nullptr && next.issuer->settings() == *settings.jwt
                                        : next.issuer == nullptr;
  if (!same_issuer) {
    if (next.keys) next.keys->stop();
    next.issuer.reset();
    next.keys.reset();
    if (settings.jwt) {
      next.issuer = std::make_shared<auth::TokenIssuer>(*settings.jwt, random_.next());
      next.keys = std::make_shared<auth::KeysLoop>(home_, fetcher_, log_, next.issuer);
    }
  }
  if (next.keys) {
    next.keys->set_place(place_of_issuer(settings));
    next.keys->start();
  }
  bool const same_questions =
      settings.introspection ? next.asking != nullptr && next.asking->settings() == *settings.introspection
                             : next.asking == nullptr;
  if (!same_questions) {
    if (next.asking) next.asking->stop();
    next.asking.reset();
    if (settings.introspection) {
      next.asking =
          std::make_shared<auth::AskingLoop>(home_, fetcher_, log_, *settings.introspection, random_.next());
      next.asking->start();
    }
  }
  std::lock_guard const lock(mutex_);
  sources_ = std::move(next);
}

void Callers::stop() noexcept {
  auto const held = sources();
  if (held.keys) held.keys->stop();
  if (held.asking) held.asking->stop();
}

std::optional<auth::KeysLoop::Standing> Callers::keys() const {
  auto const held = sources();
  if (!held.keys) return std::nullopt;
  return held.keys->standing();
}

auth::TokenSources Callers::sources() const {
  std::lock_guard const lock(mutex_);
  return sources_;
}

}  // namespace weir::app
