#include "app/ctl_command.hpp"

#include <fmt/core.h>

#include "app/command_failure.hpp"
#include "app/ctl_text.hpp"
#include "app/exit_codes.hpp"
#include "app/shown_text.hpp"
#include "app/status_view.hpp"

namespace weir::app {
namespace {

constexpr base::Duration kWithin = std::chrono::seconds{30};  // counting a large store takes a while

// 0 if `answer` is one to read on.
int refused(net::Url const& admin, base::Result<GatewayAnswer> const& answer) {
  if (int const code = unheard(admin, answer)) return code;
  if (answer->status == 200) return kExitOk;
  if (answer->status == 404)
    return fail(kExitUnavailable, fmt::format("the gateway at {} has no cache", admin.authority));
  auto const bad = answer->status == 400 || answer->status == 422;
  return fail(bad ? kExitData : kExitUnavailable, shown(answer->body));
}

int show_cache(CtlRequest const& request, net::Url const& admin, std::string const& key) {
  auto const answer = get_from(admin, "/api/v1/cache", key, kWithin);
  if (int const code = refused(admin, answer)) return code;
  auto const text = render_cache(answer->body);
  if (!text) return foreign(admin);
  fmt::print("{}", request.json ? answer->body : *text);
  return kExitOk;
}

// A selection of a server that nobody has would purge nothing, quietly.
int check_server(CtlRequest const& request, net::Url const& admin, std::string const& key) {
  auto const answer = get_from(admin, "/api/v1/status", key, kWithin);
  if (int const code = refused(admin, answer)) return code;
  auto const status = read_status(answer->body);
  if (!status) return foreign(admin);
  std::vector<std::string_view> names;
  for (auto const& server : status->servers) names.push_back(server.name);
  auto const why = unmatched(request.purge, names);
  return why.empty() ? kExitOk : fail(kExitData, why, "`weir status` lists them");
}

int purge(CtlRequest const& request, net::Url const& admin, std::string const& key) {
  if (int const code = check_server(request, admin, key)) return code;
  auto const answer = post_to(admin, "/api/v1/cache/purge", admin::purge_body(request.purge), key, kWithin);
  if (int const code = refused(admin, answer)) return code;
  auto const count = read_purge_answer(answer->body);
  if (!count) return foreign(admin);
  fmt::print("{}", request.json ? answer->body : render_purge(request.purge, *count));
  return kExitOk;
}

int drop_tokens(CtlRequest const& request, net::Url const& admin, std::string const& key) {
  auto const answer =
      post_to(admin, "/api/v1/tokens/drop", admin::token_drop_body(request.drop), key, kWithin);
  if (int const code = refused(admin, answer)) return code;
  auto const dropped = read_drop_answer(answer->body);
  if (!dropped) return foreign(admin);
  fmt::print("{}", request.json ? answer->body : render_drop(request.drop, *dropped));
  return kExitOk;
}

int reload(CtlRequest const& request, net::Url const& admin, std::string const& key) {
  auto const answer = post_to(admin, "/api/v1/reload", "{}", key, kWithin);
  if (int const code = unheard(admin, answer)) return code;
  if (answer->status == 422)
    return fail(kExitConfig, shown(answer->body), "`weir check` shows what is wrong, and where");
  if (answer->status != 200) return fail(kExitUnavailable, shown(answer->body));
  auto const taken = read_reload_answer(answer->body);
  if (!taken) return foreign(admin);
  fmt::print("{}", request.json ? answer->body : render_reload(*taken));
  return kExitOk;
}

}  // namespace

int ctl_command(CtlRequest const& request, config::Environment const& environment) {
  auto const& what = request.purge;
  bool const nothing = what.select.empty() && what.uri.empty() && what.principal.empty() && what.tag.empty();
  if (request.purging && nothing) {
    return fail(kExitUsage, "what is to be purged?",
                "name a SELECTION such as 'github.search_*', or --uri, --principal or --tag");
  }
  if (request.purging && is_bulk(what) && !what.dry_run && !request.yes) {
    return fail(kExitUsage, fmt::format("`{}` is all that is kept of whole servers", shown(what.select)),
                "look first with --dry-run, then add --yes");
  }
  GatewayAddress address;
  if (int const unknown = find_gateway(request.gateway, environment, address)) return unknown;
  auto const key = gateway_key(environment);
  if (request.reloading) return reload(request, address.admin, key);
  if (request.dropping) return drop_tokens(request, address.admin, key);
  return request.purging ? purge(request, address.admin, key) : show_cache(request, address.admin, key);
}

}  // namespace weir::app
