#include "auth/protected_resource.hpp"

#include <algorithm>

#include "mcp/json_text.hpp"

namespace weir::auth {
namespace {

constexpr std::string_view kWellKnown = "/.well-known/oauth-protected-resource";
constexpr std::string_view kMcp = "/mcp";

// RFC 6749 section 3.3; anything else could end the quoted string that it goes into.
bool is_scope(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

std::string joined(std::vector<std::string> const& scopes) {
  std::string text;
  for (auto const& scope : scopes) {
    if (is_scope(scope)) text.append(text.empty() ? "" : " ").append(scope);
  }
  return text;
}

std::string list_of(std::vector<std::string> const& texts) {
  std::string json = "[";
  for (auto const& text : texts) {
    if (json.size() > 1) json += ',';
    mcp::append_json_string(json, text);
  }
  return json += ']';
}

// What is behind `beginning` in a path: "" or "/NAME" with one segment; nothing if it does not begin so.
std::optional<std::string_view> name_behind(std::string_view path, std::string_view beginning) {
  if (!path.starts_with(beginning)) return std::nullopt;
  path.remove_prefix(beginning.size());
  if (path.empty()) return path;
  if (path.front() != '/' || path.size() == 1 || path.find('/', 1) != std::string_view::npos)
    return std::nullopt;
  return path.substr(1);
}

void parameter(std::string& line, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  line.append(line.ends_with("Bearer") ? " " : ", ").append(name).append("=\"").append(value).append("\"");
}

}  // namespace

ProtectedResource::ProtectedResource(std::string resource, std::vector<std::string> issuers,
                                     std::vector<std::string> scopes)
    : resource_(std::move(resource)), issuers_(std::move(issuers)), scopes_(std::move(scopes)) {
  auto const scheme_end = resource_.find("://");
  auto const path_at = scheme_end == std::string::npos ? scheme_end : resource_.find('/', scheme_end + 3);
  origin_ = resource_.substr(0, path_at);
  path_ = path_at == std::string::npos ? std::string() : resource_.substr(path_at);
}

std::optional<std::string_view> ProtectedResource::endpoint_of(std::string_view path) const {
  if (!offered() || !path.starts_with(kWellKnown)) return std::nullopt;
  path.remove_prefix(kWellKnown.size());
  if (path.empty()) return path;
  bool const bare = path_.empty() && path == kMcp;  // the endpoint of all, not that of a server named "mcp"
  auto const own = bare ? std::nullopt : name_behind(path, path_);
  return own ? own : name_behind(path, kMcp);
}

std::string ProtectedResource::metadata(std::string_view endpoint) const {
  std::string url = resource_;
  if (!endpoint.empty()) url.append(1, '/').append(endpoint);
  std::string json = R"({"resource":)";
  mcp::append_json_string(json, url);
  json += R"(,"authorization_servers":)" + list_of(issuers_);
  if (!scopes_.empty()) json += R"(,"scopes_supported":)" + list_of(scopes_);
  return json += R"(,"bearer_methods_supported":["header"],"resource_name":"Weir"})";
}

std::string ProtectedResource::metadata_url(std::string_view endpoint) const {
  auto const at = [&](std::string_view path) {
    std::string whole(kWellKnown);
    whole.append(path);
    if (!endpoint.empty()) whole.append(1, '/').append(endpoint);
    return whole;
  };
  auto path = at(path_);
  if (endpoint_of(path) != endpoint) path = at(kMcp);
  std::string url = origin_ + path;
  return url.find_first_of("\"\\\r\n") == std::string::npos ? url : std::string();
}

std::string ProtectedResource::unauthenticated(std::string_view endpoint, bool shown) const {
  return challenge(endpoint, shown ? "invalid_token" : "");
}

std::string ProtectedResource::malformed(std::string_view endpoint) const {
  return challenge(endpoint, "invalid_request");
}

std::string ProtectedResource::challenge(std::string_view endpoint, std::string_view error) const {
  std::string line = "WWW-Authenticate: Bearer";
  parameter(line, "error", error);
  if (offered()) {
    parameter(line, "resource_metadata", metadata_url(endpoint));
    parameter(line, "scope", joined(scopes_));
  }
  return line += "\r\n";
}

std::string ProtectedResource::lacks_scopes(std::string_view endpoint,
                                            std::vector<std::string> const& needed) const {
  std::vector<std::string> all = scopes_;
  for (auto const& scope : needed) {
    if (std::find(all.begin(), all.end(), scope) == all.end()) all.push_back(scope);
  }
  std::string line = "WWW-Authenticate: Bearer";
  parameter(line, "error", "insufficient_scope");
  parameter(line, "scope", joined(all));
  if (offered()) parameter(line, "resource_metadata", metadata_url(endpoint));
  return line += "\r\n";
}

}  // namespace weir::auth
