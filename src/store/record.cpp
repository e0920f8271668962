#include "store/record.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include <limits>
#include <memory>

#include "base/assert.hpp"

namespace weir::store {
namespace {

using std::chrono::milliseconds;

constexpr char kVersion = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kHeadBytes = 1 + kSaltBytes + kNonceBytes;
constexpr std::size_t kFieldBytes = 5 * 8 + 4 + 1 + 4;
constexpr unsigned char kNegative = 1;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

unsigned char const* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<unsigned char const*>(text.data());
}
unsigned char* bytes_of(std::string& text) noexcept { return reinterpret_cast<unsigned char*>(text.data()); }

template <class Number>
void append_number(std::string& out, Number number) {
  for (std::size_t i = sizeof number; i-- > 0;) out += static_cast<char>(number >> (8 * i) & 0xFFU);
}

template <class Number>
Number take_number(std::string_view& from) noexcept {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    number = static_cast<Number>(number << 8U | static_cast<unsigned char>(from[i]));
  }
  from.remove_prefix(sizeof number);
  return number;
}

void append_time(std::string& out, std::int64_t time) {
  append_number(out, static_cast<std::uint64_t>(time));
}
std::int64_t take_time(std::string_view& from) noexcept {
  return static_cast<std::int64_t>(take_number<std::uint64_t>(from));
}

// What the record is for. Lengths come first, so that no two keys have one spelling.
std::string context_of(StoreKey const& key) {
  std::string out(1, kVersion);
  auto const text = key.text();
  for (std::string_view const part :
       {std::string_view(text), std::string_view(key.labels.server), std::string_view(key.labels.operation),
        std::string_view(key.labels.target), std::string_view(key.labels.who)}) {
    append_number(out, static_cast<std::uint64_t>(part.size()));
    out += part;
  }
  return out;
}

int size_of(std::string_view text) noexcept { return static_cast<int>(text.size()); }

}  // namespace

RecordSealer::~RecordSealer() { explicit_bzero(key_.data(), key_.size()); }

StoreSecret::Key RecordSealer::record_key(std::string_view salt) const {
  StoreSecret::Key key{};
  unsigned size = 0;
  auto const* const made = HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), bytes_of(salt),
                                salt.size(), key.data(), &size);
  WEIR_ASSERT(made != nullptr && size == key.size());
  return key;
}

std::string RecordSealer::seal(StoreKey const& key, StoredAnswer const& answer) const {
  if (answer.bytes.size() > kRecordBytesMax - kOverheadBytes) return {};
  auto const context = context_of(key);
  auto const plain = pack(answer);
  std::string out(kHeadBytes + plain.size() + kTagBytes, '\0');
  out[0] = kVersion;
  random_.fill({bytes_of(out) + 1, kSaltBytes + kNonceBytes});
  auto record = record_key(std::string_view(out).substr(1, kSaltBytes));
  Cipher const cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  auto* const body = bytes_of(out) + kHeadBytes;
  int size = 0;
  bool const made =
      cipher &&
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, record.data(),
                         bytes_of(out) + 1 + kSaltBytes) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &size, bytes_of(context), size_of(context)) == 1 &&
      EVP_EncryptUpdate(cipher.get(), body, &size, bytes_of(plain), size_of(plain)) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), body + plain.size(), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, body + plain.size()) == 1;
  explicit_bzero(record.data(), record.size());
  WEIR_ASSERT(made);
  return out;
}

std::optional<StoredAnswer> RecordSealer::open(StoreKey const& key, std::string_view sealed) const {
  if (sealed.size() < kOverheadBytes || sealed.size() > kRecordBytesMax || sealed[0] != kVersion) {
    return std::nullopt;
  }
  auto const context = context_of(key);
  auto const coded = sealed.substr(kHeadBytes, sealed.size() - kHeadBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string plain(coded.size(), '\0');
  auto record = record_key(sealed.substr(1, kSaltBytes));
  Cipher const cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int size = 0;
  std::string rest(kTagBytes, '\0');
  bool const ready =
      cipher &&
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, record.data(),
                         bytes_of(sealed) + 1 + kSaltBytes) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &size, bytes_of(context), size_of(context)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), bytes_of(plain), &size, bytes_of(coded), size_of(coded)) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1;
  explicit_bzero(record.data(), record.size());
  WEIR_ASSERT(ready);
  if (EVP_DecryptFinal_ex(cipher.get(), bytes_of(rest), &size) != 1) return std::nullopt;
  return unpack(plain);
}

std::string pack(StoredAnswer const& answer) {
  std::string out;
  out.reserve(kFieldBytes + answer.bytes.size());
  append_time(out, answer.fetched.time_since_epoch().count());
  append_time(out, answer.fresh_for.count());
  append_time(out, answer.kept_for.count());
  append_time(out, answer.cost.count());
  append_number(out, answer.born);
  append_number(out, answer.meta_at);
  out += static_cast<char>(answer.negative ? kNegative : 0);
  append_number(out, static_cast<std::uint32_t>(answer.bytes.size()));
  return out += answer.bytes;
}

std::optional<StoredAnswer> unpack(std::string_view packed) {
  if (packed.size() <= kFieldBytes) return std::nullopt;
  StoredAnswer answer;
  answer.fetched = base::WallTime{milliseconds{take_time(packed)}};
  answer.fresh_for = milliseconds{take_time(packed)};
  answer.kept_for = milliseconds{take_time(packed)};
  answer.cost = milliseconds{take_time(packed)};
  answer.born = take_number<std::uint64_t>(packed);
  answer.meta_at = take_number<std::uint32_t>(packed);
  auto const flags = take_number<std::uint8_t>(packed);
  auto const size = take_number<std::uint32_t>(packed);
  if (size != packed.size() || (flags & ~kNegative) != 0 || answer.meta_at >= size) return std::nullopt;
  answer.negative = flags != 0;
  answer.bytes = packed;
  return answer;
}

base::WallTime end_of(StoredAnswer const& answer) noexcept {
  if (answer.kept_for.count() <= 0) return answer.fetched;
  bool const early = answer.fetched.time_since_epoch().count() < 0;  // then there is room for any number
  bool const fits = early || answer.kept_for <= base::WallTime::max() - answer.fetched;
  return fits ? answer.fetched + answer.kept_for : base::WallTime::max();
}

}  // namespace weir::store
