#include "router/sealer.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "base/assert.hpp"
#include "base/base64url.hpp"

namespace weir::router {
namespace {

template <class Number>
void append_bytes(std::string& out, Number number) {
  for (std::size_t i = sizeof number; i-- > 0;) out += static_cast<char>(number >> (8 * i) & 0xFF);
}

}  // namespace

Sealer::Sealer(base::Random& random) { random.fill(key_); }

Sealer::Mac Sealer::sign(std::string_view context, std::string_view payload) const {
  std::string text;
  append_number(text, static_cast<std::uint32_t>(context.size()));  // so that no two pairs make one text
  text.append(context).append(payload);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  auto const* const made =
      HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
           reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data(), &size);
  Mac mac;
  WEIR_ASSERT(made != nullptr && size >= mac.size());
  std::copy_n(digest.begin(), mac.size(), mac.begin());
  return mac;
}

std::string Sealer::seal(std::string_view context, std::string_view payload) const {
  WEIR_ASSERT(payload.size() <= kPayloadBytesMax);
  auto const mac = sign(context, payload);
  std::string text(reinterpret_cast<char const*>(mac.data()), mac.size());
  return base::to_base64url(text.append(payload));
}

std::optional<std::string> Sealer::open(std::string_view context, std::string_view sealed) const {
  if (sealed.size() > 2 * (kPayloadBytesMax + sizeof(Mac))) return std::nullopt;
  auto text = base::from_base64url(sealed);
  if (!text || text->size() < sizeof(Mac)) return std::nullopt;
  auto const mac = sign(context, std::string_view(*text).substr(sizeof(Mac)));
  if (CRYPTO_memcmp(mac.data(), text->data(), mac.size()) != 0) return std::nullopt;
  return text->substr(sizeof(Mac));
}

void append_number(std::string& out, std::uint32_t number) { append_bytes(out, number); }
void append_number(std::string& out, std::uint64_t number) { append_bytes(out, number); }

}  // namespace weir::router
