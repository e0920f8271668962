#include "app/callers.hpp"

namespace weir::app {

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
      next.keys->start();
    }
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

auth::TokenSources Callers::sources() const {
  std::lock_guard const lock(mutex_);
  return sources_;
}

}  // namespace weir::app
