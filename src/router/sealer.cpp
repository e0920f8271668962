#include "router/sealer.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "base/assert.hpp"

namespace weir::router {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

template <class Number>
void append_bytes(std::string& out, Number number) {
  for (std::size_t i = sizeof number; i-- > 0;) out += static_cast<char>(number >> (8 * i) & 0xFF);
}

std::string base64url(std::string_view bytes) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (char const byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (held += 8; held >= 6; held -= 6) out += kAlphabet[bits >> (held - 6) & 63];
  }
  if (held > 0) out += kAlphabet[bits << (6 - held) & 63];
  return out;
}

// One spelling for each text: what does not encode back to itself is no base64url.
std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (char const letter : text) {
    auto const at = std::string_view(kAlphabet).find(letter);
    if (at == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(at);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> held & 0xFF);
    }
  }
  if (base64url(out) != text) return std::nullopt;
  return out;
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
  return base64url(text.append(payload));
}

std::optional<std::string> Sealer::open(std::string_view context, std::string_view sealed) const {
  if (sealed.size() > 2 * (kPayloadBytesMax + sizeof(Mac))) return std::nullopt;
  auto text = from_base64url(sealed);
  if (!text || text->size() < sizeof(Mac)) return std::nullopt;
  auto const mac = sign(context, std::string_view(*text).substr(sizeof(Mac)));
  if (CRYPTO_memcmp(mac.data(), text->data(), mac.size()) != 0) return std::nullopt;
  return text->substr(sizeof(Mac));
}

void append_number(std::string& out, std::uint32_t number) { append_bytes(out, number); }
void append_number(std::string& out, std::uint64_t number) { append_bytes(out, number); }

}  // namespace weir::router
