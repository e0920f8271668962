#include "auth/issuer_metadata.hpp"

#include "jose/json_object.hpp"

namespace weir::auth {
namespace {

base::Error refused(std::string why) {
  return {base::Fault::protocol, base::Blame::upstream, "issuer metadata: " + std::move(why)};
}

}  // namespace

std::vector<std::string> metadata_urls(std::string_view issuer) {
  constexpr std::string_view kOAuth = "/.well-known/oauth-authorization-server";
  constexpr std::string_view kOpenId = "/.well-known/openid-configuration";
  while (issuer.ends_with('/')) issuer.remove_suffix(1);
  auto const scheme_end = issuer.find("://");
  auto const path_at = scheme_end == std::string_view::npos ? scheme_end : issuer.find('/', scheme_end + 3);
  std::string const origin(issuer.substr(0, path_at));
  std::string const path(path_at == std::string_view::npos ? std::string_view{} : issuer.substr(path_at));
  std::vector<std::string> urls{origin + std::string(kOAuth) + path, origin + std::string(kOpenId) + path};
  if (!path.empty()) urls.push_back(origin + path + std::string(kOpenId));
  return urls;
}

base::Result<std::string> jwks_url_of(std::string_view json, std::string_view issuer) {
  auto const metadata = jose::JsonObject::parse(json);
  if (!metadata) return refused("not a JSON object");
  if (metadata->text("issuer") != issuer) return refused("it is of another issuer");
  auto url = metadata->text("jwks_uri");
  if (!url) return refused("no `jwks_uri`");
  bool const secure = url->starts_with("https://");
  if (!secure && (issuer.starts_with("https://") || !url->starts_with("http://"))) {
    return refused("`jwks_uri` is not https");
  }
  return *std::move(url);
}

}  // namespace weir::auth
