// NonceBook: the nonces that servers want to see in the next proof of possession (DPoP), for each origin the
// last one.
//
// A brain; one thread. What came is a stranger's: only what RFC 9449 8.1 calls a nonce is taken, at most
// kNonceMax characters. At most kOriginsMax origins; the one that was heard longest ago makes room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::oauth {

class NonceBook {
 public:
  static constexpr std::size_t kOriginsMax = 8;
  static constexpr std::size_t kNonceMax = 512;

  static bool is_nonce(std::string_view text) noexcept;
  // `url`: an absolute address of that origin. False: it is no nonce, and what was known stays.
  bool heard(std::string_view url, std::string_view nonce);
  std::string of(std::string_view url) const;  // "": none is known

 private:
  struct Known {
    std::string origin;
    std::string nonce;
  };
  std::vector<Known> known_;  // the one that was heard last at the end
};

}  // namespace weir::oauth
