#include "oauth/nonce_book.hpp"

#include <algorithm>

namespace weir::oauth {

namespace {

// Scheme and authority: up to the path.
std::string_view origin_of(std::string_view url) noexcept {
  auto const begin = url.find("://");
  return begin == std::string_view::npos ? url : url.substr(0, url.find_first_of("/?#", begin + 3));
}

}  // namespace

bool NonceBook::is_nonce(std::string_view text) noexcept {
  auto const good = [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  return !text.empty() && text.size() <= kNonceMax && std::all_of(text.begin(), text.end(), good);
}

bool NonceBook::heard(std::string_view url, std::string_view nonce) {
  if (!is_nonce(nonce)) return false;
  auto const origin = origin_of(url);
  std::erase_if(known_, [&](Known const& one) { return one.origin == origin; });
  if (known_.size() >= kOriginsMax) known_.erase(known_.begin());
  known_.push_back({std::string(origin), std::string(nonce)});
  return true;
}

std::string NonceBook::of(std::string_view url) const {
  auto const origin = origin_of(url);
  for (auto const& one : known_) {
    if (one.origin == origin) return one.nonce;
  }
  return {};
}

}  // namespace weir::oauth
