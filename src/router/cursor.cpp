#include "router/cursor.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "base/assert.hpp"

namespace weir::router {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kPayloadBytes = 1 + 1 + 4 + 8;
constexpr std::size_t kMacBytes = 16;
constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

template <class Number>
void append_number(std::string& out, Number number) {
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

CursorSealer::CursorSealer(base::Random& random) { random.fill(key_); }

CursorSealer::Mac CursorSealer::sign(CursorScope const& scope, std::string_view payload) const {
  std::string text(payload);  // of fixed length, so that no two scopes make one text
  text += scope.modern ? 'm' : 'l';
  append_number(text, static_cast<std::uint32_t>(scope.endpoint.size()));
  text += scope.endpoint;
  text += scope.principal;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  auto const* const made =
      HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
           reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data(), &size);
  WEIR_ASSERT(made != nullptr && size >= kMacBytes);
  Mac mac;
  std::copy_n(digest.begin(), kMacBytes, mac.begin());
  return mac;
}

std::string CursorSealer::seal(CursorScope const& scope, std::uint32_t position) const {
  std::string payload{kFormat, static_cast<char>(scope.kind)};
  append_number(payload, position);
  append_number(payload, scope.list_hash);
  auto const mac = sign(scope, payload);
  payload.append(reinterpret_cast<char const*>(mac.data()), mac.size());
  return base64url(payload);
}

std::optional<std::uint32_t> CursorSealer::open(CursorScope const& scope, std::string_view cursor) const {
  if (cursor.empty()) return 0;
  if (cursor.size() > 2 * (kPayloadBytes + kMacBytes)) return std::nullopt;
  auto const sealed = from_base64url(cursor);
  if (!sealed || sealed->size() != kPayloadBytes + kMacBytes) return std::nullopt;
  auto const payload = std::string_view(*sealed).substr(0, kPayloadBytes);
  auto const mac = sign(scope, payload);
  if (CRYPTO_memcmp(mac.data(), sealed->data() + kPayloadBytes, kMacBytes) != 0) return std::nullopt;

  std::string expected{kFormat, static_cast<char>(scope.kind)};
  std::string hash;
  append_number(hash, scope.list_hash);
  if (payload.substr(0, 2) != expected || payload.substr(6) != hash) return std::nullopt;
  std::uint32_t position = 0;
  for (char const byte : payload.substr(2, 4)) position = position << 8 | static_cast<unsigned char>(byte);
  return position;
}

}  // namespace weir::router
