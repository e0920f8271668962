#include "app/gateway_address.hpp"

#include <fmt/core.h>

#include "app/sources.hpp"

namespace weir::app {

using base::Result;

namespace {

std::string reachable(config::Address const& address) {
  bool const everywhere = address.host.empty() || address.host == "0.0.0.0";
  if (everywhere) return fmt::format("127.0.0.1:{}", address.port);
  if (address.host == "::") return fmt::format("[::1]:{}", address.port);
  bool const six = address.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", six ? "[" : "", address.host, six ? "]" : "", address.port);
}

}  // namespace

Result<net::Url> mcp_url(std::string_view text) {
  auto const scheme = text.find("://") == text.npos ? "http://" : "";
  auto url = net::parse_url(scheme + std::string(text));
  if (!url) return url.error();
  while (url->target.size() > 1 && url->target.ends_with('/')) url->target.pop_back();
  if (url->target == "/") url->target = "/mcp";
  if (url->host != "0.0.0.0" && url->host != "::") return url;
  auto const host = url->host == "::" ? "[::1]" : "127.0.0.1";
  return net::parse_url(
      fmt::format("{}://{}:{}{}", url->https ? "https" : "http", host, url->port, url->target));
}

Result<GatewayAddress> gateway_address(AddressRequest const& request,
                                       config::Environment const& environment) {
  config::Sources sources;
  sources.files = config::find_files(request.config, environment);
  if (!request.admin.empty()) sources.flags.push_back({"--admin", "admin.bind", request.admin});
  config::Problems quiet;
  auto const settings = config::load(sources, environment, quiet).settings;
  auto admin = net::parse_url("http://" + reachable(settings.admin.bind));
  if (!admin) return admin.error();
  if (request.url.empty() && settings.listeners.empty()) {
    return base::Error(base::Fault::config, base::Blame::client, "`listeners` is empty: no address to ask");
  }
  auto mcp = mcp_url(request.url.empty() ? reachable(settings.listeners.front().bind) : request.url);
  if (!mcp) return mcp.error();
  return GatewayAddress{std::move(*admin), std::move(*mcp)};
}

std::string gateway_key(config::Environment const& environment) {
  return std::string(environment.variable("WEIR_KEY").value_or(""));
}

}  // namespace weir::app
