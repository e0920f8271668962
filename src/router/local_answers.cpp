#include "router/local_answers.hpp"

#include <algorithm>

#include "mcp/json_text.hpp"
#include "router/hidden_text.hpp"
#include "router/routes.hpp"
#include "router/suggestion.hpp"

namespace weir::router {
namespace {

constexpr int kInvalidParams = -32602;
constexpr int kMethodNotFound = -32601;
constexpr int kMissingCapability = -32021;
constexpr int kResourceNotFoundLegacy = -32002;
constexpr int kDenied = 4030;

constexpr std::size_t kShownBytesMax = 200;
constexpr std::size_t kUriBytesMax = 8 * 1024;

// The beginning of what a client sent, not ending inside a character.
std::string_view excerpt(std::string_view text, std::size_t end) noexcept {
  if (text.size() <= end) return text;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

std::string quoted(std::string_view text) {
  std::string out;
  mcp::append_json_string(out, text);
  return out;
}

// Nothing in it means anything to a shell or to a command's options.
bool is_plain(std::string_view name) noexcept {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-";
  return !name.starts_with('-') && name.find_first_not_of(kPlain) == std::string_view::npos;
}

std::string versions(bool legacy) {  // newest first
  std::string out;
  for (std::size_t i = mcp::kRevisions.size(); i-- > 0;) {
    if (!legacy && !mcp::is_modern(mcp::kRevisions[i])) continue;
    out += out.empty() ? "[" : ",";
    out += quoted(mcp::text_of(mcp::kRevisions[i]));
  }
  return out += ']';
}

// What the servers that this caller may know of can do, and how to use them.
Catalog::Description description_for(core::Call const& call, Catalog const& catalog) {
  auto const known = [&](std::uint32_t index) { return may_know(call, catalog.servers()[index].name); };
  auto const& members = catalog.members();
  bool const all = std::all_of(members.begin(), members.end(), known);
  return all ? catalog.description() : catalog.description_of(known);
}

std::string instructions_member(Catalog::Description const& said) {
  return said.instructions.empty() ? std::string() : R"(,"instructions":)" + quoted(said.instructions);
}

}  // namespace

core::Outcome discovered(Catalog const& catalog, core::Call const& call, std::string_view server_info) {
  std::string out = R"({"resultType":"complete","supportedVersions":)";
  auto const said = description_for(call, catalog);
  out.append(versions(call.legacy_offered)).append(R"(,"capabilities":)").append(said.capabilities);
  out += instructions_member(said);
  out += R"(,"ttlMs":0,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":)";
  return core::from_result(out.append(server_info).append("}}"));
}

core::Outcome initialized(Catalog const& catalog, core::Call& call, std::string_view server_info) {
  std::string scratch;
  auto const asked = mcp::parse_revision(call.request.text(mcp::Field::protocol_version, scratch));
  call.revision = asked && !mcp::is_modern(*asked) ? *asked : mcp::kNewestLegacy;
  std::string out = R"({"protocolVersion":)" + quoted(mcp::text_of(call.revision));
  auto const said = description_for(call, catalog);
  out.append(R"(,"capabilities":)").append(said.capabilities);
  out.append(R"(,"serverInfo":)").append(server_info).append(instructions_member(said));
  return core::from_result(out += '}');
}

core::Outcome invalid_params(std::string_view why) { return core::from_error(kInvalidParams, why); }

core::Outcome no_such_method(std::string_view why) { return core::from_error(kMethodNotFound, why); }

core::Outcome undeclared(std::string_view extension) {
  auto const name = quoted(extension);
  return core::from_error(kMissingCapability,
                          "The request does not declare the extension " + std::string(extension),
                          R"({"requiredCapabilities":{"extensions":{)" + name + ":{}}}}");
}

core::Outcome unknown_name(Catalog const& catalog, ListKind kind, std::string_view name, Shown const& shown) {
  bool const tool = kind == ListKind::tools;
  std::string data = tool ? R"({"source":"gateway","reason":"unknown_tool")"
                          : R"({"source":"gateway","reason":"unknown_prompt")";
  auto const meant = suggestion(catalog, kind, name, shown);
  if (!meant.empty()) data += R"(,"hint":)" + quoted("Did you mean \"" + std::string(meant) + "\"?");
  data += '}';
  std::string const message =
      (tool ? "Unknown tool: " : "Unknown prompt: ") + std::string(excerpt(name, kShownBytesMax));
  return core::from_error(kInvalidParams, message, data);
}

// A name that is not plain may be a sentence to the agent, or a command for the shell of whoever copies the
// hint: `weir tools` shows it as it can be typed.
core::Outcome withheld_tool(std::string_view server, std::string_view own_name) {
  bool const plain = own_name.size() <= kShownBytesMax && is_plain(own_name);
  auto const tool = shown_name(excerpt(own_name, kShownBytesMax));
  std::string hint = "An operator can look with `weir tools " + std::string(server) + "`";
  hint += plain ? " and accept it with `weir tools accept " + std::string(server) + " " + tool + "`."
                : ", which says how to accept it.";
  std::string data = R"({"source":"gateway","reason":"quarantined","server":)" + quoted(server);
  data.append(R"(,"tool":)").append(quoted(tool)).append(R"(,"hint":)").append(quoted(hint)).append("}");
  return core::from_error(
      kDenied,
      (plain ? "The tool " + tool : std::string("The tool")) +
          " is withheld: it says something else of itself than was accepted, or hides characters",
      data);
}

core::Outcome unknown_resource(std::string_view uri, bool modern) {
  return core::from_error(modern ? kInvalidParams : kResourceNotFoundLegacy, "Resource not found",
                          R"({"uri":)" + quoted(excerpt(uri, kUriBytesMax)) + '}');
}

base::Error not_usable(CatalogServer const& server) {
  bool const pending = server.readiness == Readiness::pending;
  bool const curable = !pending && !server.cure.empty();
  base::Error error(pending ? base::Fault::starting : base::Fault::unavailable,
                    curable ? base::Blame::gateway : base::Blame::upstream,
                    server.cause.empty() ? "the server has not answered yet" : server.cause,
                    base::Retry::always);
  return std::move(error)
      .about(std::string(server.name))
      .advise(pending   ? "The server is starting; try again in a few seconds."
              : curable ? server.cure
                        : "The server could not be reached; `weir status` says why.");
}

}  // namespace weir::router
