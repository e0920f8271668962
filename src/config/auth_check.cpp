// What is wrong with `auth` and `policies` as a whole.
#include <fmt/format.h>

#include <algorithm>

#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

bool is_given(Node const& node, std::string_view key) { return !scalar_at(&node, key).value_or("").empty(); }

// The host of a URL that validate() has passed.
bool is_loopback_url(std::string_view url) {
  auto host = url.substr(std::min(url.find("://") + 3, url.size()));
  host = host.substr(0, host.find_first_of("/?#"));
  for (std::string_view const name : {"localhost", "127.0.0.1", "[::1]"}) {
    if (host == name || (host.starts_with(name) && host.substr(name.size()).starts_with(':'))) return true;
  }
  return false;
}

void check_source(Node const& node, std::string_view path, std::initializer_list<char const*> needed,
                  Problems& problems) {
  for (auto const* const key : needed) {
    if (is_given(node, key)) continue;
    problems.error("WEIR-E022", node.mark, fmt::format("`{}` needs `{}`", path, key));
  }
  for (auto const* const key : {"issuer", "jwks_url", "url"}) {
    auto const url = scalar_at(&node, key).value_or("");
    if (!url.starts_with("http:") || is_loopback_url(url)) continue;
    problems.warning("WEIR-E016", node.find(key)->mark, fmt::format("`{}` is not https", key))
        .notes.emplace_back("whoever is on the way to it can make up callers");
  }
}

void check_resource(Node const& root, Settings const& settings, Node const& section, std::string_view path,
                    Problems& problems) {
  auto const* given = root.at("auth.resource");
  if (settings.resource.empty()) {
    problems.error("WEIR-E022", section.mark, fmt::format("`{}` needs `auth.resource`", path)).fix =
        "set it to the URL of /mcp as clients know it, such as https://mcp.example.com/mcp";
    return;
  }
  if (settings.resource.find_first_of("?#") == std::string::npos && !settings.resource.ends_with('/')) return;
  auto const& mark = given != nullptr ? given->mark : section.mark;
  problems.error("WEIR-E016", mark, "the URL of /mcp ends with a path: no `/`, `?` or `#` behind it").fix =
      "set `auth.resource` to the URL of /mcp as clients know it";
}

void check_methods(Node const& root, Settings const& settings, Problems& problems) {
  auto const* listeners = root.find("listeners");
  for (std::size_t i = 0; listeners != nullptr && i < listeners->items.size(); ++i) {
    auto const* methods = listeners->items[i].find("auth");
    if (methods == nullptr || !methods->is_sequence()) continue;
    for (auto const& method : methods->items) {
      bool const known = method.text == "jwt"             ? settings.jwt.has_value()
                         : method.text == "introspection" ? settings.introspection.has_value()
                                                          : true;
      if (known) continue;
      problems.error("WEIR-E022", method.mark, fmt::format("`{0}` needs `auth.{0}`", method.text)).fix =
          fmt::format("add the section `auth.{}`, or take the word away", method.text);
    }
  }
}

bool is_who(std::string_view who) {
  if (who == "*" || who == "anonymous") return true;
  for (std::string_view const form : {"group:", "key:", "cert:", "sub:", "tenant:"}) {
    if (who.starts_with(form) && who.size() > form.size()) return true;
  }
  return false;
}

void check_policies(Node const& root, Settings const& settings, Problems& problems) {
  auto const* list = root.find("policies");
  for (std::size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
    auto const& node = list->items[i];
    if (!node.is_map()) continue;
    auto const who = scalar_at(&node, "who").value_or("");
    if (who.empty()) {
      problems.error("WEIR-E022", node.mark, "a rule needs `who`");
    } else if (!is_who(who)) {
      auto& problem = problems.error("WEIR-E016", node.find("who")->mark, fmt::format("nobody is `{}`", who));
      problem.notes.emplace_back(
          "it is *, anonymous, group:NAME, key:NAME, cert:SUBJECT, sub:SUBJECT or tenant:NAME");
      bool const is_key = std::any_of(settings.keys.begin(), settings.keys.end(),
                                      [&](auto const& key) { return key.name == who; });
      problem.fix = fmt::format("write \"{}:{}\"", is_key ? "key" : "sub", who);
    }
    if (i < settings.policies.size() && settings.policies[i].allow.empty() &&
        settings.policies[i].deny.empty()) {
      problems.warning("WEIR-E022", node.mark, "a rule without `allow` and `deny` says nothing");
    }
  }
}

}  // namespace

void check_callers(Node const& root, Settings const& settings, Problems& problems) {
  if (auto const* jwt = section_at(root.find("auth"), "jwt")) {
    check_source(*jwt, "auth.jwt", {"issuer", "audience"}, problems);
    check_resource(root, settings, *jwt, "auth.jwt", problems);
    if (settings.jwt->algorithms.empty()) {
      problems.error("WEIR-E022", jwt->mark, "`auth.jwt.algorithms` is empty: no token could be accepted");
    }
  }
  if (auto const* asked = section_at(root.find("auth"), "introspection")) {
    check_source(*asked, "auth.introspection", {"url", "client_id", "client_secret", "issuer", "audience"},
                 problems);
    check_resource(root, settings, *asked, "auth.introspection", problems);
  }
  check_methods(root, settings, problems);
  check_policies(root, settings, problems);
}

}  // namespace weir::config
