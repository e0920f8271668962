// What is wrong with the gateway's own settings as a whole.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

Mark mark_of(Node const* node, Mark const& otherwise) { return node != nullptr ? node->mark : otherwise; }

// A public address without a way to tell callers apart lets anyone use every tool.
void check_exposed(Address const& bind, std::vector<std::string> const& auth, Mark const& mark,
                   std::string const& what, bool insecure, Problems& problems) {
  if (!auth.empty() || bind.local_only()) return;
  auto const severity = insecure ? Severity::warning : Severity::error;
  auto& problem =
      problems.add(severity, "WEIR-E040", mark,
                   fmt::format("{} is open to other machines without auth: {}", what, bind.shown()));
  problem.notes.emplace_back("anyone who reaches it could use every tool");
  problem.fix = fmt::format("bind it to 127.0.0.1:{}, or set `auth: [keys]` and `auth.keys`", bind.port);
}

// What `weir run` would refuse to open.
void check_possible(Address const& bind, Mark const& mark, Problems& problems) {
  if (bind.kind == Address::Kind::tcp) return;
  problems
      .error("WEIR-E016", mark, fmt::format("listening on {} is not possible in this version", bind.shown()))
      .fix = "use host:port";
}

// One process serves all callers of a stdio server, whoever they are.
void check_sharing(Node const& root, Settings const& settings, Problems& problems) {
  auto const started = std::find_if(
      settings.servers.begin(), settings.servers.end(),
      [](Server const& server) { return server.kind == UpstreamKind::stdio && !server.disabled; });
  bool const tokens = settings.jwt || settings.introspection;
  if ((settings.keys.size() < 2 && !tokens) || started == settings.servers.end()) return;
  auto const* node = root.at("servers." + started->name);
  auto& problem = problems.warning("WEIR-E061", mark_of(node, root.mark),
                                   fmt::format("all callers share the process of `{}`", started->name));
  problem.notes.emplace_back("a process for each principal (`stdio.share`) is not in this version");
  problem.fix = "run one Weir for each caller where a server keeps data that is not for all of them";
}

// `tls`: null when there is no such section.
void check_listener_tls(Listener const& listener, Node const* tls, Mark const& auth, Problems& problems) {
  for (auto const key : {"cert", "key"}) {
    if (tls == nullptr || (tls->find(key) != nullptr && tls->find(key)->kind != Node::Kind::null)) continue;
    problems.error("WEIR-E022", tls->mark,
                   fmt::format("`tls` of listener `{}` needs `{}`", listener.name, key));
  }
  bool const by_cert = std::find(listener.auth.begin(), listener.auth.end(), "cert") != listener.auth.end();
  if (!by_cert || (listener.tls && !listener.tls->client_ca.empty())) return;
  problems.error("WEIR-E022", auth, "`auth: [cert]` needs `tls.client_ca`").fix =
      "say by `tls.client_ca` whose certificates count";
}

// Whether only one of them can be opened.
bool collide(Address const& a, Address const& b) {
  bool const tcp = a.kind == Address::Kind::tcp && b.kind == Address::Kind::tcp;
  if (!tcp || a.port != b.port || a.port == 0) return false;  // 0: any port that is free
  auto const is_four = [](std::string const& host) { return host.find(':') == std::string::npos; };
  auto const covers = [&](std::string const& all, std::string const& host) {
    return all == "::" || ((all.empty() || all == "0.0.0.0") && is_four(host));
  };
  bool const same_machine =
      (a.host == "localhost" && b.local_only()) || (b.host == "localhost" && a.local_only());
  return a.host == b.host || same_machine || covers(a.host, b.host) || covers(b.host, a.host);
}

void check_addresses(Node const& root, Settings const& settings, Problems& problems) {
  auto const* list = root.find("listeners");
  auto const place_of = [&](std::size_t i) {
    auto const* node = list != nullptr && i < list->items.size() ? &list->items[i] : nullptr;
    return mark_of(node != nullptr ? node->find("bind") : nullptr, mark_of(node, root.mark));
  };
  // One that could not be read has been told, and stands here with its default.
  auto const is_known = [](Node const* bind) {
    return bind == nullptr || (!bind->unset && parse_address(bind->value()));
  };
  auto const counts = [&](std::size_t i) {
    return list == nullptr || i >= list->items.size() || is_known(list->items[i].find("bind"));
  };
  auto const tell = [&](Mark const& mark, std::string const& who, Address const& bind,
                        std::string const& whose) {
    problems
        .error("WEIR-E024", mark, fmt::format("{} cannot listen on {} beside {}", who, bind.shown(), whose))
        .fix = "give one of them another port";
  };
  auto const& all = settings.listeners;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t before = 0; before < i && counts(i); ++before) {
      if (!counts(before) || !collide(all[before].bind, all[i].bind)) continue;
      tell(place_of(i), fmt::format("listener `{}`", all[i].name), all[i].bind,
           fmt::format("listener `{}`", all[before].name));
      break;
    }
  }
  auto const* admin = root.at("admin.bind");
  for (std::size_t i = 0; i < all.size() && is_known(admin); ++i) {
    if (!counts(i) || !collide(all[i].bind, settings.admin.bind)) continue;
    tell(admin != nullptr ? admin->mark : place_of(i), "the admin listener", settings.admin.bind,
         fmt::format("listener `{}`", all[i].name));
    break;
  }
}

void check_listeners(Node const& root, Settings const& settings, Sources const& sources, Problems& problems) {
  auto const* list = root.find("listeners");
  if (list != nullptr && list->is_sequence() && list->items.empty()) {
    problems.error("WEIR-E022", list->mark, "`listeners` is empty").fix =
        "remove it for the default, or add a listener";
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < settings.listeners.size(); ++i) {
    auto const& listener = settings.listeners[i];
    auto const* node = list != nullptr && i < list->items.size() ? &list->items[i] : nullptr;
    auto const place = mark_of(node, root.mark);
    auto const bind = mark_of(node != nullptr ? node->find("bind") : nullptr, place);
    check_possible(listener.bind, bind, problems);
    check_exposed(listener.bind, listener.auth, bind, fmt::format("listener `{}`", listener.name),
                  sources.insecure, problems);
    if (!names.insert(listener.name).second) {
      auto const name = mark_of(node != nullptr ? node->find("name") : nullptr, place);
      problems.error("WEIR-E024", name, fmt::format("two listeners are named `{}`", listener.name));
    }
    check_listener_tls(listener, section_at(node, "tls"),
                       mark_of(node != nullptr ? node->find("auth") : nullptr, place), problems);
    if (!listener.modern && !listener.legacy) {
      problems.error("WEIR-E022", mark_of(node != nullptr ? node->at("protocol.eras") : nullptr, place),
                     "`eras` is empty: no client could talk to this listener");
    }
  }
}

void check_keys(Node const& root, Settings const& settings, Problems& problems) {
  auto const* list = root.at("auth.keys");
  std::set<std::string_view> names;
  for (std::size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
    auto const& node = list->items[i];
    if (!node.is_map()) continue;
    for (auto const key : {"name", "hash"}) {
      if (node.find(key) == nullptr)
        problems.error("WEIR-E022", node.mark, fmt::format("a key needs `{}`", key));
    }
    auto const name = scalar_at(&node, "name");
    if (name && !names.insert(*name).second) {
      problems.error("WEIR-E024", node.find("name")->mark, fmt::format("two keys are named `{}`", *name));
    }
  }
  if (!settings.keys.empty()) return;
  auto const* listeners = root.find("listeners");
  for (std::size_t i = 0; i < settings.listeners.size(); ++i) {
    auto const& auth = settings.listeners[i].auth;
    if (auth.size() != 1 || auth[0] != "keys" || listeners == nullptr || i >= listeners->items.size())
      continue;
    problems
        .warning("WEIR-E022", mark_of(listeners->items[i].find("auth"), root.mark),
                 "`auth: [keys]` without any key")
        .notes.emplace_back("every call is refused until `auth.keys` has one");
  }
}

void check_texts(Node const& root, Problems& problems) {
  if (auto const* prefix = root.at("names.prefix")) {
    bool const clean =
        prefix->value().find_first_not_of(
            "{}_-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == std::string_view::npos;
    if (prefix->value().find("{server}") == std::string_view::npos || !clean) {
      problems
          .error("WEIR-E016", prefix->mark,
                 "the prefix must hold `{server}`, and else letters, digits, `_` and `-`")
          .fix = "write \"{server}__\"";
    }
  }
  if (auto const* path = root.at("observability.metrics.path");
      path != nullptr && !path->value().starts_with('/')) {
    problems.error("WEIR-E016", path->mark, "the path must begin with `/`");
  }
}

}  // namespace

namespace {

void note_callers(Settings& settings) {
  bool const exchanged = std::any_of(
      settings.servers.begin(), settings.servers.end(),
      [](auto const& server) { return server.oauth && server.oauth->grant == OAuthGrant::exchange; });
  if (settings.jwt) settings.jwt->exchanged = exchanged;
  if (settings.introspection) settings.introspection->exchanged = exchanged;
  bool const several =
      settings.jwt && settings.introspection && settings.jwt->issuer != settings.introspection->issuer;
  for (auto& server : settings.servers) {
    if (server.oauth && server.oauth->per_principal) server.oauth->names_issuer = several;
  }
}

}  // namespace

void check_settings(Node const& root, Settings& settings, Sources const& sources,
                    Environment const& environment, Problems& problems) {
  check_degradation(root, environment, problems);
  check_limits(root, problems);
  check_egress(root, problems);
  check_caching(root, environment, problems);
  check_listeners(root, settings, sources, problems);
  auto const* admin = root.at("admin.bind");
  check_possible(settings.admin.bind, mark_of(admin, root.mark), problems);
  check_exposed(settings.admin.bind, settings.admin.auth, mark_of(admin, root.mark), "the admin listener",
                sources.insecure, problems);
  check_addresses(root, settings, problems);
  check_keys(root, settings, problems);
  check_callers(root, settings, problems);
  note_callers(settings);
  check_texts(root, problems);
  if (sources.starting) check_sharing(root, settings, problems);
  settings.deferred = note_deferred(root, sources, problems);
}

}  // namespace weir::config
