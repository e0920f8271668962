#include "oauth/metadata.hpp"

#include "oauth/error_table.hpp"
#include "oauth/flat_object.hpp"
#include "oauth/token_answer.hpp"

namespace weir::oauth {

namespace {

constexpr std::size_t kIssuersMax = 16;

net::Url at(net::Url base, std::string target) {
  base.target = std::move(target);
  return base;
}

// Without query and without a slash at the end; "" for the root.
std::string path_of(net::Url const& url) {
  auto path = url.target.substr(0, url.target.find('?'));
  while (path.ends_with('/')) path.pop_back();
  return path;
}

OAuthError no_document(char const* what) { return misfit(Cause::protocol, 200, what); }

std::optional<FlatObject> object_of(std::string_view text) {
  if (text.size() > kDocumentMax) return std::nullopt;
  auto object = FlatObject::parse(text);
  return object && !object->repeats() ? std::move(object) : std::nullopt;
}

// Covers the server: the same origin, and a path that the server's begins with.
bool covers(std::string_view resource, net::Url const& server) {
  auto const url = net::parse_url(resource);
  if (!url || !net::same_origin(*url, server)) return false;
  auto const wide = path_of(*url);
  auto const narrow = path_of(server);
  return narrow.starts_with(wide) && (narrow.size() == wide.size() || narrow[wide.size()] == '/');
}

}  // namespace

std::vector<net::Url> resource_metadata_places(net::Url const& server) {
  std::string const known = "/.well-known/oauth-protected-resource";
  auto const path = path_of(server);
  std::vector<net::Url> places;
  if (!path.empty()) places.push_back(at(server, known + path));
  places.push_back(at(server, known));
  return places;
}

std::optional<net::Url> named_metadata_place(net::Url const& server, std::string_view named) {
  if (auto url = net::parse_url(named)) return std::move(*url);
  auto url = net::resolve_url(server, named);
  if (!url || !net::same_origin(*url, server)) return std::nullopt;
  return std::move(*url);
}

std::vector<net::Url> issuer_metadata_places(net::Url const& issuer) {
  std::string const oauth = "/.well-known/oauth-authorization-server";
  std::string const openid = "/.well-known/openid-configuration";
  auto const path = path_of(issuer);
  std::vector<net::Url> places{at(issuer, oauth + path), at(issuer, openid + path)};
  if (!path.empty()) places.push_back(at(issuer, path + openid));
  return places;
}

OAuthResult<ResourceMetadata> read_resource_metadata(std::string_view text, net::Url const& server,
                                                     bool exact) {
  auto const object = object_of(text);
  if (!object) return no_document("the metadata of the server are not a JSON object");
  ResourceMetadata found;
  found.resource = object->text("resource").value_or("");
  found.authorization_servers = object->texts("authorization_servers").value_or(std::vector<std::string>());
  found.scopes_supported = object->texts("scopes_supported").value_or(std::vector<std::string>());
  bool const ours =
      exact ? same_resource(found.resource, canonical_resource(server)) : covers(found.resource, server);
  if (!ours) return misfit(Cause::policy, 200, "the metadata are of another resource than this server");
  if (found.authorization_servers.empty() || found.authorization_servers.size() > kIssuersMax) {
    return no_document("the metadata of the server name no issuer, or too many");
  }
  return found;
}

OAuthResult<IssuerMetadata> read_issuer_metadata(std::string_view text, std::string_view issuer) {
  auto const object = object_of(text);
  if (!object) return no_document("the metadata of the issuer are not a JSON object");
  IssuerMetadata found;
  found.issuer = object->text("issuer").value_or("");
  if (found.issuer != issuer) return misfit(Cause::policy, 200, "the metadata are of another issuer");
  found.token_endpoint = object->text("token_endpoint").value_or("");
  found.authorization_endpoint = object->text("authorization_endpoint").value_or("");
  found.revocation_endpoint = object->text("revocation_endpoint").value_or("");
  if (found.token_endpoint.empty()) return no_document("the issuer names no token endpoint");
  found.auth_methods =
      object->texts("token_endpoint_auth_methods_supported").value_or(std::vector<std::string>());
  found.challenge_methods =
      object->texts("code_challenge_methods_supported").value_or(std::vector<std::string>());
  found.issuer_returned = object->boolean("authorization_response_iss_parameter_supported").value_or(false);
  found.registration_endpoint = object->text("registration_endpoint").value_or("");
  found.scopes_supported = object->texts("scopes_supported").value_or(std::vector<std::string>());
  found.proof_algorithms =
      object->texts("dpop_signing_alg_values_supported").value_or(std::vector<std::string>());
  found.client_documents = object->boolean("client_id_metadata_document_supported").value_or(false);
  return found;
}

std::string canonical_resource(net::Url const& server) { return at(server, path_of(server)).text(); }

}  // namespace weir::oauth
