// encoded_forms(): how else a value may stand in a text, because somebody repeats what Weir sent or wrote.
//
// Pure; any thread. Scratch is wiped. Of base64 only the digits that the value alone decides, wherever in the
// encoded bytes it begins: neighbours share the digit before and the one behind, and those stay as they are.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace weir::secrets {

// 60 bits: fewer digits of base64 could be an ordinary word. Values below 8 bytes have no such form.
constexpr std::size_t kBase64Min = 10;
// Longer values have no forms.
constexpr std::size_t kEncodedValueBytesMax = 8 * 1024;
// JSON, base64 and base64url at three places, and for each of two ways to write a URL: upper and lower case
// digits, and the base64 of the former.
constexpr std::size_t kFormsMax = 1 + 6 + 2 * (2 + 3);

// - JSON (RFC 8259 section 7), as Weir writes it;
// - percent-encoding (RFC 3986) and application/x-www-form-urlencoded, with upper and lower case digits;
// - base64 and base64url of the value, and base64 of its two encoded forms: Basic for OAuth clients encodes
//   before it joins (RFC 6749 section 2.3.1).
// Each once and none that is the value itself: three of a token of letters and digits, at most kFormsMax with
// 50 times the bytes of the value.
std::vector<base::Secret> encoded_forms(std::string_view value);

}  // namespace weir::secrets
