// What is wrong with a server as a whole.
#include <fmt/format.h>

#include <algorithm>

#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

void check_name(Member const& server, Problems& problems) {
  if (is_server_name(server.key)) return;
  auto& problem =
      problems.error("WEIR-E021", server.mark, fmt::format("`{}` cannot be a server's name", server.key));
  problem.fix =
      "use 1 to 32 letters, digits, `-` and single `_`, beginning and ending with a letter or digit";
}

bool is_given(Node const& node, std::string_view key) {
  auto const* value = node.find(key);
  return value != nullptr && value->kind != Node::Kind::null;
}

void check_target(Member const& server, Problems& problems) {
  Node const& node = server.value;
  int const targets = is_given(node, "command") + is_given(node, "url") + is_given(node, "urls");
  if (targets == 0) {
    auto& problem =
        problems.error("WEIR-E022", server.mark, fmt::format("server `{}` has no target", server.key));
    problem.fix = "give it `command`, `url` or `urls`";
    return;
  }
  if (targets > 1) {
    problems.error("WEIR-E023", server.mark, fmt::format("server `{}` has more than one target", server.key))
        .fix = "keep one of `command`, `url` and `urls`";
    return;
  }
  auto const type = scalar_at(&node, "type").value_or("");
  bool const stdio = is_given(node, "command");
  if (!type.empty() && stdio != (type == "stdio")) {
    auto const got = stdio ? "a command" : "a URL";
    problems
        .error("WEIR-E023", node.find("type")->mark, fmt::format("type `{}` does not go with {}", type, got))
        .fix = "remove `type`; it is inferred";
  }
  auto const* urls = node.find("urls");
  if (urls != nullptr && urls->is_sequence() && urls->items.empty()) {
    problems.error("WEIR-E022", urls->mark, "`urls` is empty");
  }
  for (auto const key : {"args", "env", "envFile", "cwd", "stdio"}) {
    if (stdio || !is_given(node, key)) continue;
    problems.error("WEIR-E023", node.find(key)->mark, fmt::format("`{}` needs a `command`", key)).fix =
        "remove it";
  }
  for (auto const key : {"headers", "auth", "balance", "tls"}) {
    if (!stdio || !is_given(node, key)) continue;
    problems.error("WEIR-E023", node.find(key)->mark, fmt::format("`{}` needs a `url`", key)).fix =
        "remove it; a process gets its credentials by `env`";
  }
}

// What a field of a head can carry (RFC 9110 5.5): else the request would go out without it, or not at all.
void check_header_value(Node const& value, std::string_view what, Problems& problems) {
  auto const bad = [](char letter) {
    auto const c = static_cast<unsigned char>(letter);
    return (c < 0x20 && c != '\t') || c == 0x7F;
  };
  auto const text = value.value();
  if (value.unset || std::none_of(text.begin(), text.end(), bad)) return;
  problems
      .error("WEIR-E016", value.mark,
             fmt::format("{} has a line end or another control character in it", what))
      .fix = "a header's value is one line of text";
}

void check_credential(Node const& server, Problems& problems) {
  auto const* auth = server.find("auth");
  auto const type = scalar_at(auth, "type").value_or("none");
  auto const need = [&](char const* key) {
    if (is_given(*auth, key)) return;
    problems.error("WEIR-E022", auth->mark, fmt::format("`auth` of type `{}` needs `{}`", type, key));
  };
  if (type == "bearer") need("token");
  if (type == "header") {
    need("name");
    need("value");
  }
  if (auto const* token = type == "bearer" ? auth->find("token") : nullptr)
    check_header_value(*token, "the token", problems);
  if (auto const* value = type == "header" ? auth->find("value") : nullptr)
    check_header_value(*value, "the value", problems);
}

void check_tls(Member const& server, Problems& problems) {
  auto const* tls = section_at(&server.value, "tls");
  if (tls == nullptr) return;
  for (auto const& [has, needs] : {std::pair{"cert", "key"}, std::pair{"key", "cert"}}) {
    if (!is_given(*tls, has) || is_given(*tls, needs)) continue;
    problems.error("WEIR-E022", tls->find(has)->mark, fmt::format("`{}` needs `{}`", has, needs));
  }
  if (scalar_at(tls, "verify") != "false") return;
  auto& problem =
      problems.warning("WEIR-E055", tls->find("verify")->mark,
                       fmt::format("nobody checks that `{}` is the server that it should be", server.key));
  problem.notes.emplace_back("whoever is in between can read and change everything, credentials included");
  problem.fix = "give the authority of its certificate as `ca`, and remove `verify`";
}

void check_header_texts(Node const& server, Problems& problems) {
  auto const* headers = server.find("headers");
  if (headers == nullptr) return;
  for (auto const& header : headers->members) {
    bool const name_ok =
        !header.key.empty() &&
        header.key.find_first_not_of(
            "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
            std::string::npos;
    if (!name_ok)
      problems.error("WEIR-E021", header.mark, fmt::format("`{}` cannot be a header's name", header.key));
    check_header_value(header.value, "a header's value", problems);
  }
}

void check_paths(Node const& server, Environment const& environment, Problems& problems) {
  for (auto const key : {"cwd", "envFile"}) {
    auto const path = scalar_at(&server, key);
    if (!path || environment.exists(environment.absolute(*path))) continue;
    auto const* node = server.find(key);
    problems.warning("WEIR-E051", node->mark, fmt::format("`{}` does not exist", node->text))
        .notes.emplace_back("the server cannot be started without it");
  }
}

}  // namespace

void check_servers(Node const& root, Environment const& environment, Problems& problems) {
  auto const* servers = root.find("servers");
  if (servers == nullptr) return;
  for (auto const& server : servers->members) {
    check_name(server, problems);
    if (!server.value.is_map()) {
      if (server.value.kind == Node::Kind::null) check_target(server, problems);
      continue;  // another type was reported already
    }
    check_target(server, problems);
    check_credential(server.value, problems);
    check_tls(server, problems);
    check_header_texts(server.value, problems);
    check_paths(server.value, environment, problems);
  }
  check_oauth_of_servers(root, problems);
}

}  // namespace weir::config
