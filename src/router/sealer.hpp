// Sealer: text that clients carry for us and cannot make, change or use for anything else.
//
// Sealed text is the base64url of 16 bytes of HMAC-SHA256 and the payload, which can be read by whoever has
// it. The context (whose it is, and for what) is signed too and not in the text. The key lives as long as the
// process. Immutable, any thread. Limit: kPayloadBytesMax, more is our bug. Source: RFC 2104, RFC 4648
// section 5.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"

namespace weir::router {

class Sealer {
 public:
  static constexpr std::size_t kPayloadBytesMax = 2 * 1024;

  explicit Sealer(base::Random& random);

  std::string seal(std::string_view context, std::string_view payload) const;

  // The payload; nothing unless `sealed` was made here, byte for byte, under this context.
  std::optional<std::string> open(std::string_view context, std::string_view sealed) const;

 private:
  using Mac = std::array<unsigned char, 16>;
  Mac sign(std::string_view context, std::string_view payload) const;
  std::array<unsigned char, 32> key_;
};

// Eight or four bytes, the most significant first, so that contexts and payloads have one spelling.
void append_number(std::string& out, std::uint32_t number);
void append_number(std::string& out, std::uint64_t number);

}  // namespace weir::router
