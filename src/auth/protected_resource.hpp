// ProtectedResource: what clients are told about getting a token: metadata (RFC 9728) and challenges
// (RFC 6750, RFC 9470).
//
// Brain; immutable, any thread. Each endpoint is a resource of its own: `resource` for /mcp, `resource`/NAME
// for /mcp/NAME. Its metadata stands where RFC 9728 section 3.1 puts it, and that of /mcp at the root too.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::auth {

class ProtectedResource {
 public:
  ProtectedResource() = default;  // no tokens are accepted: nothing is said but "Bearer"
  // `resource`: the URL of /mcp as clients know it. `scopes`: what every token must have.
  ProtectedResource(std::string resource, std::vector<std::string> issuers, std::vector<std::string> scopes);

  bool offered() const noexcept { return !resource_.empty(); }

  // The endpoint whose metadata stands at this path ("" for /mcp); nothing: the path is another one. First
  // where the path of `resource` leads, then /mcp and what is behind it: a proxy before Weir may have taken
  // that path away, and clients that were not told where to look ask there.
  std::optional<std::string_view> endpoint_of(std::string_view path) const;
  std::string metadata(std::string_view endpoint) const;  // a JSON object

  // Whole header lines. `shown`: a token came, and was not accepted.
  std::string unauthenticated(std::string_view endpoint, bool shown) const;
  std::string malformed(std::string_view endpoint) const;  // what came cannot be a credential
  // All scopes that are needed are named at once, those of every token first.
  std::string lacks_scopes(std::string_view endpoint, std::vector<std::string> const& needed) const;

 private:
  std::string challenge(std::string_view endpoint, std::string_view error) const;
  std::string metadata_url(std::string_view endpoint) const;
  std::string resource_;
  std::string origin_;  // of it
  std::string path_;    // of it
  std::vector<std::string> issuers_;
  std::vector<std::string> scopes_;
};

}  // namespace weir::auth
