#include "app/restart_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weir::app {
namespace {

bool has(std::vector<std::string> const& all, std::string const& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

std::string place_of(config::Settings const& settings, std::string_view key) {
  auto const found = settings.places.find(key);
  return found == settings.places.end() ? std::string() : found->second + ": ";
}

}  // namespace

RestartKeys::RestartKeys(config::Settings const& start)
    : in_effect_(values_of(start)), before_(in_effect_), bound_(addresses_of(start)), listed_(bound_) {}

RestartKeys::Values RestartKeys::values_of(config::Settings const& settings) {
  return {{"workers", std::to_string(settings.workers)},
          {"observability.log.format", settings.log.format},
          {"observability.metrics.path", settings.metrics.path},
          {"admin.bind", settings.admin.bind.shown()},
          {"admin.auth", fmt::format("[{}]", fmt::join(settings.admin.auth, ", "))}};
}

std::vector<std::string> RestartKeys::addresses_of(config::Settings const& settings) {
  std::vector<std::string> all;
  for (auto const& listener : settings.listeners) all.push_back(listener.bind.shown());
  return all;
}

std::vector<std::string> RestartKeys::reloaded(config::Settings const& now) {
  std::vector<std::string> sentences;
  auto values = values_of(now);
  for (auto const& [key, value] : values) {
    auto const& used = in_effect_.find(key)->second;
    if (value == used || value == before_[key]) continue;
    sentences.push_back(
        fmt::format("{}`{}: {}` needs a restart; until then it is {}", place_of(now, key), key, value, used));
  }
  before_ = std::move(values);
  auto addresses = addresses_of(now);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (has(bound_, addresses[i]) || has(listed_, addresses[i])) continue;
    sentences.push_back(fmt::format("{}listening on {} needs a restart; nobody is heard there until then",
                                    place_of(now, fmt::format("listeners.{}.bind", i)), addresses[i]));
  }
  for (auto const& address : bound_) {
    if (has(addresses, address) || !has(listed_, address)) continue;
    sentences.push_back(
        fmt::format("{}the listener on {} is gone from the settings; it goes on as it was until a restart",
                    place_of(now, "listeners"), address));
  }
  listed_ = std::move(addresses);
  return sentences;
}

}  // namespace weir::app
