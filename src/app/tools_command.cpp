#include "app/tools_command.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "admin/accept_request.hpp"
#include "app/command_failure.hpp"
#include "app/exit_codes.hpp"
#include "app/shown_text.hpp"
#include "app/tool_report.hpp"
#include "router/hidden_text.hpp"

namespace weir::app {
namespace {

constexpr base::Duration kWithin = std::chrono::seconds{5};

// 0 if `answer` is one to read on.
int refused(net::Url const& admin, base::Result<GatewayAnswer> const& answer) {
  if (int const code = unheard(admin, answer)) return code;
  if (answer->status == 200) return kExitOk;
  if (answer->status == 422) return fail(kExitData, shown(answer->body), "`weir tools` lists them");
  return foreign(admin);
}

int accept(ToolsRequest const& request, net::Url const& admin, std::string const& key) {
  auto const body = admin::accept_body({request.server, request.tool, request.tenant});
  auto const answer = post_to(admin, "/api/v1/tools/accept", body, key, kWithin);
  if (int const code = refused(admin, answer)) return code;
  auto const what = request.tool.empty()
                        ? fmt::format("all tools of {}", shown(request.server))
                        : fmt::format("{} of {}", router::shown_name(request.tool), shown(request.server));
  auto const whose = request.tenant.empty() ? "" : fmt::format(", for tenant {}", shown(request.tenant));
  fmt::print("accepted: {}{}\n", what, whose);
  return kExitOk;
}

}  // namespace

int tools_command(ToolsRequest const& request, config::Environment const& environment) {
  GatewayAddress address;
  if (int const unknown = find_gateway(request.gateway, environment, address)) return unknown;
  auto const& admin = address.admin;
  auto const key = gateway_key(environment);
  if (request.accept) return accept(request, admin, key);
  auto const answer = get_from(admin, "/api/v1/tools", key, kWithin);
  if (int const code = refused(admin, answer)) return code;
  auto servers = read_pinned(answer->body);
  if (!servers) return foreign(admin);
  if (!request.server.empty()) {
    std::erase_if(*servers, [&](PinnedServer const& server) { return server.name != request.server; });
    if (servers->empty())
      return fail(kExitUsage, fmt::format("no server `{}`", shown(request.server)),
                  "`weir tools` lists them");
  }
  fmt::print("{}", request.json ? pinned_json(*servers) : render_pinned(*servers));
  bool const good = std::all_of(servers->begin(), servers->end(),
                                [](PinnedServer const& server) { return server.suspects == 0; });
  return good ? kExitOk : kExitBad;
}

}  // namespace weir::app
