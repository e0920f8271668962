#include "app/secret_misfits.hpp"

#include "app/server_tokens.hpp"

namespace weir::app {
namespace {

// `why` tells which of the server's keys it is only in words: all of them that come from somewhere are named,
// and one that has not changed has nothing to go back to.
void add_keys(config::Settings const& settings, config::Server const& server, std::string const& why,
              std::vector<config::SecretMisfit>& out) {
  auto const prefix = "servers." + server.name + ".auth.";
  for (auto const& use : settings.references) {
    if (use.path.starts_with(prefix) && use.path.ends_with("_key")) out.push_back({use.reference, why});
  }
}

}  // namespace

std::vector<config::SecretMisfit> misfits_of(config::Settings const& settings) {
  auto out = settings.misfits;
  base::SystemRandom random;  // nothing is signed here
  for (auto const& server : settings.servers) {
    if (!server.oauth || server.disabled || !server.unusable.empty() || server.urls.empty()) continue;
    if (auto const made = token_options(server, random); !made) {
      add_keys(settings, server, made.error().detail, out);
    }
  }
  return out;
}

}  // namespace weir::app
