// How long a server asks to be left alone: its Retry-After, as seconds or as a date.
//
// Pure; any thread; the texts are strangers'. A date counts from the Date of the same answer, so that the
// clocks of both sides need not agree; without one it says nothing. Only the date's usual form is
// read (IMF-fixdate). Source: RFC 9110 5.6.7 and 10.2.3.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace weir::net {

// Nothing: there is none, or none that can be read. A date that is over is no time at all, or less.
std::optional<base::Duration> retry_after(std::string_view field, std::string_view date) noexcept;

}  // namespace weir::net
