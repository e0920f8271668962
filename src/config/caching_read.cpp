// `caching:` as settings.
#include <algorithm>

#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

constexpr std::string_view kEverything = "*";

void take_number(Node const* node, std::string_view path, std::uint64_t& out) {
  take(node, path, out, [](std::string_view text) -> std::optional<std::uint64_t> {
    auto const number = parse_integer(text);
    if (!number || *number < 0) return {};
    return static_cast<std::uint64_t>(*number);
  });
}

void take_whole_seconds(Node const* node, std::string_view path, milliseconds& out) {
  take(node, path, out, parse_seconds);
}

template <class T, class Parse>
void take_optional(Node const* node, std::string_view path, std::optional<T>& out, Parse parse) {
  if (auto const text = scalar_at(node, path)) {
    if (auto const value = parse(*text)) out = static_cast<T>(*value);
  }
}

void take_secret(Node const* node, std::string_view path, base::Secret& out) {
  if (auto const text = scalar_at(node, path)) out = base::Secret(*text);
}

CacheMemory read_memory(Node const* node) {
  CacheMemory memory;
  take(node, "enabled", memory.enabled);
  take_whole_seconds(node, "ttl_seconds", memory.ttl);
  take_number(node, "max_size", memory.entries_max);
  take_size(node, "max_memory", memory.bytes_max);
  memory.lru = scalar_at(node, "policy") == "lru";
  return memory;
}

StoreKind kind_of(Node const* plain, Node const* redis) {
  bool wanted = true;
  take(redis, "enabled", wanted);
  if (redis != nullptr && wanted) return StoreKind::redis;
  if (plain == nullptr) return redis != nullptr ? StoreKind::none : StoreKind::embedded;
  auto const type = scalar_at(plain, "type").value_or("embedded");
  return type == "redis" ? StoreKind::redis : type == "none" ? StoreKind::none : StoreKind::embedded;
}

CacheStore read_store(Node const* caching, Environment const& environment) {
  auto const* plain = section_at(caching, "l2");
  auto const* redis = section_at(caching, "l2_redis");
  CacheStore store;
  store.kind = kind_of(plain, redis);
  auto const* node = plain != nullptr ? plain : redis;  // both at once only if l2_redis is off
  take_path(node, "path", store.path, environment);
  take(node, "host", store.host);
  take(node, "port", store.port, [](std::string_view text) -> std::optional<std::uint16_t> {
    auto const number = parse_integer(text);
    if (!number || *number < 1 || *number > 65535) return {};
    return static_cast<std::uint16_t>(*number);
  });
  take(node, "tls", store.tls);
  take_path(node, "ca", store.ca, environment);
  take(node, "username", store.username);
  take_secret(node, "password", store.password);
  take(node, "database", store.database);
  take(node, "prefix", store.prefix);
  take_secret(node, "secret", store.secret);
  take_whole_seconds(node, "ttl_seconds", store.ttl);
  take_size(node, "max_memory", store.bytes_max);
  return store;
}

// The rule of the server that `name` means, made if need be: two names of one server are one rule.
template <class Rule>
Rule* rule_of(std::vector<Rule>& rules, Node const& root, std::string_view name) {
  auto const server = server_meant(root, name);
  if (server.empty()) return nullptr;  // reported
  auto const known =
      std::find_if(rules.begin(), rules.end(), [&](Rule const& rule) { return rule.server == server; });
  if (known != rules.end()) return &*known;
  rules.emplace_back().server = server;
  return &rules.back();
}

void read_servers(Node const* map, Node const& root, std::vector<CacheServerRule>& out) {
  if (map == nullptr) return;
  for (auto const& member : map->members) {
    auto* rule = rule_of(out, root, member.key);
    if (rule == nullptr) continue;
    take_optional(&member.value, "ttl", rule->ttl, parse_seconds);
    take_optional(&member.value, "max_size", rule->entries_max, parse_integer);
  }
}

void read_tools(Node const* map, std::vector<CacheToolRule>& out) {
  if (map == nullptr) return;
  for (auto const& member : map->members) {
    auto& rule = out.emplace_back();
    rule.pattern = member.key;
    take_optional(&member.value, "ttl", rule.ttl, parse_seconds);
    take_optional(&member.value, "stale_while_revalidate", rule.stale_while_revalidate, parse_duration);
    take(&member.value, "ignore_args", rule.ignore_args);
    rule.shared = scalar_at(&member.value, "scope") == "public";
    take(&member.value, "tags", rule.tags);
  }
}

void read_updates(Node const* map, Node const& root, std::vector<CacheUpdateRule>& out) {
  if (map == nullptr) return;
  for (auto const& member : map->members) {
    auto* rule = rule_of(out, root, member.key);
    if (rule == nullptr) continue;
    for (auto const& item : member.value.items) {
      if (item.is_scalar() && item.kind != Node::Kind::null && !item.unset)
        rule->operations.emplace_back(item.value());
    }
  }
}

std::vector<CacheSchedule> read_schedules(Node const* invalidation) {
  std::vector<CacheSchedule> schedules;
  CacheSchedule plain;
  take(invalidation, "timezone", plain.timezone);
  auto const* scheduled = invalidation == nullptr ? nullptr : invalidation->find("scheduled");
  if (scheduled == nullptr) return schedules;
  auto const add = [&](Node const* node, std::string_view path) {
    auto schedule = plain;
    take(node, path, schedule.cron);
    if (schedule.cron.empty()) return;  // reported
    if (node != invalidation) {
      take(node, "timezone", schedule.timezone);
      take(node, "purge", schedule.purge);
      take(node, "refresh", schedule.refresh);
      take(node, "spread", schedule.spread);
    }
    if (schedule.purge.empty() && schedule.refresh.empty()) schedule.purge = kEverything;
    schedules.push_back(std::move(schedule));
  };
  if (scheduled->is_scalar()) add(invalidation, "scheduled");
  for (auto const& item : scheduled->items) add(&item, "cron");
  return schedules;
}

// A server under several names gets the last one's; `defaults` is for those that say nothing.
std::vector<CacheStaleRule> read_stale(Node const& root) {
  std::vector<CacheStaleRule> rules;
  auto const* sections = section_at(&root, "degradation");
  auto const* servers = section_at(&root, "servers");
  if (sections == nullptr || servers == nullptr) return rules;
  auto const hours = [](Node const& section) {
    std::optional<std::uint64_t> read;
    take_optional(&section, "cache_stale_max_age_hours", read, parse_integer);
    return read;
  };
  for (auto const& server : servers->members) {
    std::optional<std::uint64_t> most;
    for (auto const& section : sections->members) {
      bool const meant = section.key == "defaults" || server_meant(root, section.key) == server.key;
      if (auto const said = hours(section.value); said && meant && (section.key != "defaults" || !most))
        most = said;
    }
    if (most) rules.push_back({server.key, std::chrono::hours{*most}});
  }
  return rules;
}

}  // namespace

Caching read_caching(Node const& root, Environment const& environment) {
  Caching caching;
  caching.stale = read_stale(root);
  auto const* node = section_at(&root, "caching");
  if (node == nullptr) return caching;
  caching.configured = true;
  take(node, "enabled", caching.enabled);
  caching.memory = read_memory(section_at(node, "l1_in_memory"));
  caching.store = read_store(node, environment);
  if (!caching.enabled) caching.store.kind = StoreKind::none;  // whoever reads only this writes no file
  caching.by_principal = scalar_at(node, "partition") == "principal";
  take_optional(node, "stale_while_revalidate", caching.stale_while_revalidate, parse_duration);
  take(node, "negative", caching.negative);
  take(node, "honour_ttl_hints", caching.honour_hints);
  take(node, "trust_hints", caching.trust_hints);
  take(node, "waiters_max", caching.waiters_max);
  read_servers(section_at(node, "per_server"), root, caching.servers);
  read_tools(section_at(node, "tools"), caching.tools);
  auto const* invalidation = section_at(node, "invalidation");
  take(invalidation, "on_update", caching.on_update);
  read_updates(section_at(invalidation, "updates"), root, caching.updates);
  caching.schedules = read_schedules(invalidation);
  return caching;
}

}  // namespace weir::config
