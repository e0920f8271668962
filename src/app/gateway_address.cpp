#include "app/gateway_address.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "app/command_failure.hpp"
#include "app/exit_codes.hpp"
#include "app/shown_text.hpp"
#include "base/say.hpp"
#include "config/load.hpp"

namespace weir::app {

using base::Result;
using config::Mark;
using config::Node;
using config::Problem;

namespace {

constexpr std::string_view kCommandLine = "command line";  // what load() calls the source of flags

std::string reachable(config::Address const& address) {
  bool const everywhere = address.host.empty() || address.host == "0.0.0.0";
  if (everywhere) return fmt::format("127.0.0.1:{}", address.port);
  if (address.host == "::") return fmt::format("[::1]:{}", address.port);
  bool const six = address.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", six ? "[" : "", address.host, six ? "]" : "", address.port);
}

void add_keys(Node const& map, std::vector<Mark>& marks) {
  marks.push_back(map.mark);
  for (auto const& member : map.members) {
    marks.push_back(member.mark);
    if (member.key == "bind") marks.push_back(member.value.mark);
  }
}

// Where the address is said, or would be if a key were spelt right. Values of other keys are not needed here
// and may be unset for whoever asks, as the keys of TLS are.
std::vector<Mark> marks_of_address(Node const& root) {
  std::vector<Mark> marks;
  for (auto const& member : root.members) marks.push_back(member.mark);
  if (auto const* const admin = root.find("admin")) add_keys(*admin, marks);
  if (auto const* const listeners = root.find("listeners")) {
    marks.push_back(listeners->mark);
    for (auto const& item : listeners->items) add_keys(item, marks);
  }
  return marks;
}

bool is_within(Mark const& inner, Mark const& outer) {
  if (!inner.source || inner.source != outer.source || inner.line != outer.line) return false;
  return inner.column >= outer.column && inner.column < outer.column + std::max(outer.length, 1u);
}

bool is_of_whole_file(Problem const& problem) {
  constexpr std::string_view kCodes[] = {"WEIR-E001", "WEIR-E002", "WEIR-E003", "WEIR-E004",
                                         "WEIR-E005", "WEIR-E006", "WEIR-E026", "WEIR-E099"};
  return std::find(std::begin(kCodes), std::end(kCodes), problem.code) != std::end(kCodes);
}

// Problems that leave in doubt which gateway is meant: what cannot be read, and what is wrong where the
// address stands.
std::vector<Problem> doubts(std::vector<Problem> problems, Node const& root) {
  auto const marks = marks_of_address(root);
  std::erase_if(problems, [&](Problem const& problem) {
    bool const unknown_value = problem.code == "WEIR-E034";  // of a store, which nobody asks here
    if (problem.confined || (problem.severity != config::Severity::error && !unknown_value)) return true;
    if (is_of_whole_file(problem)) return false;
    return std::none_of(marks.begin(), marks.end(),
                        [&](Mark const& mark) { return is_within(problem.mark, mark); });
  });
  return problems;
}

int exit_code_of(std::vector<Problem> const& problems) {
  auto const missing = [](Problem const& p) { return p.code == "WEIR-E001" && p.mark.line == 0; };
  auto const typed = [](Problem const& p) { return p.mark.source && p.mark.source->name == kCommandLine; };
  if (std::any_of(problems.begin(), problems.end(), missing)) return kExitNoInput;
  return std::all_of(problems.begin(), problems.end(), typed) ? kExitUsage : kExitConfig;
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

int find_gateway(AddressRequest const& request, config::Environment const& environment,
                 GatewayAddress& found) {
  config::Sources sources;
  sources.insecure = true;  // whether the gateway may listen there has been decided by the gateway
  bool const told = !request.admin.empty() || !request.url.empty();
  if (!told || !request.config.empty()) sources.files = config::find_files(request.config, environment);
  if (!request.admin.empty()) sources.flags.push_back({"--admin", "admin.bind", request.admin});
  config::Problems problems;
  auto const loaded = config::load(sources, environment, problems);
  if (auto const in_doubt = doubts(problems.sorted(), loaded.tree); !in_doubt.empty()) {
    base::say("{}", config::render_text(in_doubt, false));
    return exit_code_of(in_doubt);
  }
  auto const& settings = loaded.settings;
  if (settings.listeners.empty()) return fail(kExitConfig, "`listeners` is empty: no address to ask");
  auto admin = net::parse_url("http://" + reachable(settings.admin.bind));
  if (!admin) return fail(kExitConfig, shown(admin.error().detail));
  bool const configured = request.url.empty();
  auto mcp = mcp_url(configured ? reachable(settings.listeners.front().bind) : request.url);
  if (!mcp) return fail(configured ? kExitConfig : kExitUsage, shown(mcp.error().detail));
  found = {std::move(*admin), std::move(*mcp)};
  return kExitOk;
}

std::string gateway_key(config::Environment const& environment) {
  return std::string(environment.variable("WEIR_KEY").value_or(""));
}

}  // namespace weir::app
