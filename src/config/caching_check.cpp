// What is wrong with `caching:` as a whole.
#include <fmt/format.h>

#include <algorithm>

#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

constexpr std::size_t kSecretBytesMin = 16;
constexpr std::size_t kPrefixBytesMax = 64;
constexpr std::string_view kPrefixBytes =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_-./{}";

Member const* member_of(Node const* node, std::string_view key) {
  if (node == nullptr) return nullptr;
  auto const found = std::find_if(node->members.begin(), node->members.end(),
                                  [&](Member const& member) { return member.key == key; });
  bool const said = found != node->members.end() && found->value.kind != Node::Kind::null;
  return said ? &*found : nullptr;
}

void check_one_store(Node const& caching, Problems& problems) {
  auto const* redis = member_of(&caching, "l2_redis");
  if (redis == nullptr || member_of(&caching, "l2") == nullptr) return;
  bool enabled = true;
  take(&redis->value, "enabled", enabled);
  if (!enabled) return;
  problems.error("WEIR-E023", redis->mark, "`l2` and `l2_redis` exclude each other").fix =
      "keep one of the two";
}

// Keys of the kind of store that is not asked for: they would be read by nobody.
void check_kind(Node const& store, Problems& problems) {
  auto const type = scalar_at(&store, "type").value_or("embedded");
  if (type == "none") return;
  auto const warn = [&](std::string_view key, std::string_view needed) {
    auto const* member = member_of(&store, key);
    if (member == nullptr) return;
    problems
        .warning("WEIR-E023", member->mark,
                 fmt::format("`{}` is for `type: {}`, and this is `{}`", key, needed, type))
        .notes.emplace_back("it is ignored");
  };
  if (type == "redis") warn("path", "embedded");
  if (type != "embedded") return;
  for (auto const key : {"host", "port", "tls", "ca", "username", "password", "database", "prefix"})
    warn(key, "redis");
}

void check_store(Node const* store, Environment const& environment, Problems& problems) {
  if (store == nullptr || !store->is_map()) return;
  auto const secret = scalar_at(store, "secret");
  if (secret && secret->size() < kSecretBytesMin) {
    auto& problem = problems.error("WEIR-E016", store->find("secret")->mark,
                                   fmt::format("the secret has less than {} bytes", kSecretBytesMin));
    problem.fix = "take 32 random bytes in hexadecimal digits, the same for every gateway";
  }
  auto const prefix = scalar_at(store, "prefix").value_or("");
  if (prefix.size() > kPrefixBytesMax || prefix.find_first_not_of(kPrefixBytes) != std::string_view::npos) {
    problems
        .error("WEIR-E016", store->find("prefix")->mark,
               fmt::format("a prefix has at most {} letters, digits and `:_-./{{}}`", kPrefixBytesMax))
        .fix = "write something like `weir:`";
  }
  auto const ca = scalar_at(store, "ca");
  if (!ca) return;
  bool tls = false;
  take(store, "tls", tls);
  auto const* node = store->find("ca");
  if (!tls) {
    problems.error("WEIR-E022", node->mark, "`ca` needs `tls: true`").fix = "add it, or remove `ca`";
  } else if (!environment.exists(environment.absolute(*ca))) {
    problems.warning("WEIR-E051", node->mark, fmt::format("`{}` does not exist", node->text))
        .notes.emplace_back("the second cache cannot be reached without it");
  }
}

void check_names(Node const* sections, Node const& root, Problems& problems) {
  if (sections == nullptr || !sections->is_map()) return;
  for (auto const& section : sections->members) {
    if (!server_meant(root, section.key).empty()) continue;
    warn_of_unknown_server("WEIR-E050", section.mark, section.key, root, problems)
        .notes.emplace_back("the section is skipped");
  }
}

// `text` is a `server.operation` pattern. One that can meet nothing is probably a slip.
void check_pattern(std::string_view text, Mark const& mark, Node const& root, Problems& problems) {
  auto const server = text.substr(0, text.find('.'));
  if (auto const joint = server.find("__"); joint != std::string_view::npos) {  // the name that agents see
    auto& problem = problems.warning("WEIR-E025", mark, fmt::format("`{}` matches nothing", text));
    problem.notes.emplace_back("a pattern is `server.name`");
    problem.fix = fmt::format("write `{}.{}`", text.substr(0, joint), text.substr(joint + 2));
    return;
  }
  if (server.find_first_of("*?") != std::string_view::npos) return;
  if (server_meant(root, server) != server) {
    warn_of_unknown_server("WEIR-E050", mark, server, root, problems)
        .notes.emplace_back("the pattern matches nothing");
  } else if (server.size() == text.size()) {
    auto& problem = problems.warning("WEIR-E025", mark, fmt::format("`{}` matches nothing", text));
    problem.notes.emplace_back("a pattern is `server.name`");
    problem.fix = fmt::format("write `{}.*`", text);
  }
}

void check_schedule(Node const& item, Node const& root, Problems& problems) {
  if (!item.is_map()) return;
  if (member_of(&item, "cron") == nullptr) problems.error("WEIR-E022", item.mark, "a time needs `cron`");
  auto const* refresh = member_of(&item, "refresh");
  if (refresh != nullptr && member_of(&item, "purge") != nullptr) {
    problems.error("WEIR-E023", refresh->mark, "`purge` and `refresh` exclude each other").fix =
        "keep one of the two, or make it two times";
  }
  for (auto const key : {"purge", "refresh"}) {
    auto const pattern = scalar_at(&item, key);
    if (pattern && !pattern->empty()) check_pattern(*pattern, item.find(key)->mark, root, problems);
  }
}

void check_invalidation(Node const* invalidation, Node const& root, Problems& problems) {
  if (invalidation == nullptr || !invalidation->is_map()) return;
  check_names(invalidation->find("updates"), root, problems);
  auto const* scheduled = invalidation->find("scheduled");
  if (scheduled == nullptr) return;
  for (auto const& item : scheduled->items) check_schedule(item, root, problems);
}

}  // namespace

void check_caching(Node const& root, Environment const& environment, Problems& problems) {
  auto const* caching = root.find("caching");
  if (caching == nullptr || !caching->is_map()) return;
  check_one_store(*caching, problems);
  if (auto const* plain = member_of(caching, "l2")) check_kind(plain->value, problems);
  check_store(caching->find("l2"), environment, problems);
  check_store(caching->find("l2_redis"), environment, problems);
  check_names(caching->find("per_server"), root, problems);
  if (auto const* tools = caching->find("tools"); tools != nullptr && tools->is_map()) {
    for (auto const& tool : tools->members) check_pattern(tool.key, tool.mark, root, problems);
  }
  check_invalidation(caching->find("invalidation"), root, problems);
}

}  // namespace weir::config
