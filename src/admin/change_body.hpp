// The body of a change over the admin API: a JSON object of at most kChangeBytesMax whose members are texts,
// and truths, of known names.
//
// Pure functions. Unknown members are refused, because one that is misspelt would change more than was meant;
// so are empty texts and a name that comes twice.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::admin {

inline constexpr std::size_t kChangeBytesMax = 16 * 1024;

struct BodyMember {
  std::string_view name;
  std::string* text = nullptr;
  bool* flag = nullptr;  // instead of `text`
};

// A sentence for the caller: what is wrong with what they sent.
base::Error refused_body(std::string why);  // invalid_input

// Fills what is there. Errors: refused_body().
base::Result<void> read_body(std::string_view body, std::initializer_list<BodyMember> members);
// What read_body() reads; empty texts and false are left out.
std::string write_body(std::initializer_list<BodyMember> members);

}  // namespace weir::admin
