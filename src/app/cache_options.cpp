#include "app/cache_options.hpp"

#include <algorithm>

#include "base/glob.hpp"

namespace weir::app {
namespace {

template <class Rules>
auto find_rule(Rules const& rules, std::string const& server) -> decltype(rules.data()) {
  auto const found =
      std::find_if(rules.begin(), rules.end(), [&](auto const& rule) { return rule.server == server; });
  return found == rules.end() ? nullptr : &*found;
}

std::string revision_of(config::Server const& server, cache::AnswerKeys const& keys) {
  std::vector<std::string_view> fields{"server", server.command, server.cwd, server.credential.header,
                                       server.credential.value.reveal()};
  auto const kind = std::to_string(static_cast<int>(server.kind));
  fields.push_back(kind);
  fields.insert(fields.end(), server.args.begin(), server.args.end());
  fields.push_back("urls");
  fields.insert(fields.end(), server.urls.begin(), server.urls.end());
  for (auto const* const pairs : {&server.env, &server.headers}) {
    fields.push_back("pairs");
    for (auto const& [name, value] : *pairs) {
      fields.push_back(name);
      fields.push_back(value.reveal());
    }
  }
  return base::hex_of(keys.digest(fields));
}

// The patterns are `server.operation`, and either part may hold a star. What is left of one that means this
// server is its pattern of operations; nothing where it means another.
std::optional<std::string> pattern_within(std::string_view pattern, std::string_view server) {
  auto const prefix = std::string(server) + '.';
  if (pattern.starts_with(prefix)) return std::string(pattern.substr(prefix.size()));
  auto const dot = pattern.find('.');
  if (dot == std::string_view::npos) {
    bool const any = pattern.ends_with('*') && base::glob_matches(pattern, prefix);
    return any ? std::optional<std::string>("*") : std::nullopt;
  }
  if (!base::glob_matches(pattern.substr(0, dot), server)) return std::nullopt;
  return std::string(pattern.substr(dot + 1));
}

cache::OperationRule operation_rule(config::CacheToolRule const& rule, std::string pattern) {
  cache::OperationRule made;
  made.pattern = std::move(pattern);
  made.ttl = rule.ttl;
  made.stale_while_revalidate = rule.stale_while_revalidate;
  made.ignored = rule.ignore_args;
  made.shared = rule.shared;
  made.tags = rule.tags;
  return made;
}

}  // namespace

cache::CacheRules cache_rules(config::Settings const& settings, config::Server const& server,
                              cache::AnswerKeys const& keys) {
  auto const& caching = settings.caching;
  cache::CacheRules rules;
  rules.server = server.name;
  rules.revision = revision_of(server, keys);
  rules.enabled = caching.enabled;
  rules.configured = caching.configured;
  rules.default_ttl = caching.store.ttl;
  rules.stale_while_revalidate = caching.stale_while_revalidate;
  rules.negative = caching.negative;
  rules.honour_hints = caching.honour_hints;
  rules.trust_hints = caching.trust_hints;
  rules.on_update = caching.on_update;
  rules.by_session = server.stdio.share == config::ChildShare::per_session;
  rules.partition = caching.by_principal ? cache::PartitionBy::principal : cache::PartitionBy::token;
  if (auto const* const own = find_rule(caching.servers, server.name)) rules.ttl = own->ttl;
  if (auto const* const stale = find_rule(caching.stale, server.name)) rules.stale_max = stale->age_max;
  if (auto const* const updates = find_rule(caching.updates, server.name))
    rules.updates = updates->operations;
  for (auto const& tool : caching.tools) {
    if (auto pattern = pattern_within(tool.pattern, server.name)) {
      rules.operations.push_back(operation_rule(tool, *std::move(pattern)));
    }
  }
  return rules;
}

std::optional<base::Duration> list_ttl(config::Settings const& settings, std::string const& server) {
  if (!settings.caching.enabled) return std::nullopt;
  auto const* const own = find_rule(settings.caching.servers, server);
  return own != nullptr && own->ttl ? std::optional<base::Duration>(*own->ttl) : std::nullopt;
}

cache::ResponseCacheOptions cache_options(config::Caching const& caching) {
  cache::ResponseCacheOptions options;
  options.memory = caching.enabled && caching.memory.enabled;
  options.memory_ttl = caching.memory.ttl;
  options.table.entries_max = caching.memory.entries_max;
  options.table.bytes_max = caching.memory.bytes_max;
  options.table.policy = caching.memory.lru ? cache::MemoryCacheOptions::Policy::lru
                                            : cache::MemoryCacheOptions::Policy::adaptive;
  return options;
}

cache::FetchOptions fetch_options(config::Settings const& settings, config::Server const& server) {
  return {server.timeouts.call, settings.caching.waiters_max};
}

store::Selection selection_of(std::string_view pattern) {
  auto const dot = pattern.find('.');  // no server's name has one
  auto const part = [](std::string_view text) { return text == "*" ? std::string() : std::string(text); };
  store::Selection made;
  made.server = part(pattern.substr(0, dot));
  if (dot != std::string_view::npos) made.operation = part(pattern.substr(dot + 1));
  return made;
}

std::vector<cache::ScheduledPurge> scheduled_purges(config::Caching const& caching) {
  std::vector<cache::ScheduledPurge> purges;
  for (auto const& schedule : caching.schedules) {
    bool const renew = !schedule.refresh.empty();
    purges.push_back({schedule.cron, schedule.timezone,
                      selection_of(renew ? schedule.refresh : schedule.purge), renew, schedule.spread});
  }
  return purges;
}

store::StoreLimits store_limits(config::Caching const& caching) {
  store::StoreLimits limits;
  limits.bytes_max = caching.store.bytes_max;
  for (auto const& rule : caching.servers) {
    if (rule.entries_max) limits.entries_max[rule.server] = *rule.entries_max;
  }
  return limits;
}

}  // namespace weir::app
