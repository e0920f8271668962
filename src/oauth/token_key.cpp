#include "oauth/token_key.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <string>

#include "base/assert.hpp"

namespace weir::oauth {

namespace {

base::Secret drawn(base::Random& random) {
  std::array<unsigned char, 32> bytes{};
  random.fill(bytes);
  base::Secret key({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
  explicit_bzero(bytes.data(), bytes.size());
  return key;
}

void add(std::vector<std::string_view>& fields, TokenUse const& use, std::vector<std::string>& sorted) {
  fields.insert(fields.end(), {use.server, use.issuer, use.resource, use.audience, use.bound_key, use.sign_in,
                               use.credential, use.person});
  if (use.scopes != nullptr) sorted = *use.scopes;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  fields.insert(fields.end(), sorted.begin(), sorted.end());
}

}  // namespace

TokenKeys::TokenKeys(base::Random& random) : key_(drawn(random)) {}

TokenKey TokenKeys::digest(std::vector<std::string_view> const& fields) const {
  std::size_t bytes = 0;
  for (auto const field : fields) bytes += field.size() + sizeof(std::uint64_t);
  std::string text;
  text.reserve(bytes);
  for (auto const field : fields) {
    std::uint64_t const size = field.size();
    text.append(reinterpret_cast<char const*>(&size), sizeof size).append(field);
  }
  TokenKey made;
  unsigned int length = 0;
  auto const key = key_.reveal();
  auto const* const done =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<unsigned char const*>(text.data()), text.size(), made.bytes.data(), &length);
  WEIR_ASSERT(done != nullptr && length == made.bytes.size());
  explicit_bzero(text.data(), text.size());
  return made;
}

TokenKey TokenKeys::own(TokenUse const& use) const {
  std::vector<std::string_view> fields{"own"};
  std::vector<std::string> sorted;
  add(fields, use, sorted);
  return digest(fields);
}

std::optional<TokenKey> TokenKeys::of_caller(TokenUse const& use, TokenCaller const& caller) const {
  if (caller.subject.empty() || caller.subject_issuer.empty() || caller.token.empty()) return std::nullopt;
  std::vector<std::string_view> fields{"caller",      caller.subject_issuer, caller.subject,
                                       caller.tenant, caller.actor,          caller.token};
  std::vector<std::string> sorted;
  add(fields, use, sorted);
  return digest(fields);
}

TokenKey TokenKeys::subject(std::string_view issuer, std::string_view subject) const {
  return digest({"subject", issuer, subject});
}

TokenKey TokenKeys::client(TokenClient const& client) const {
  return digest({"client", client.id, client.secret, client.key, client.company, client.company_secret,
                 client.company_key, client.password});
}

}  // namespace weir::oauth
