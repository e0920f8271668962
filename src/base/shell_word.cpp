#include "base/shell_word.hpp"

namespace weir::base {

std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/@%+=,";
  bool const plain = !text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos;
  if (plain && text.front() != '=') return std::string(text);  // zsh puts a path in the place of =ls
  std::string out = "'";
  for (char const c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace weir::base
