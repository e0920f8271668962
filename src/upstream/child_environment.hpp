// The environment of a child: a short allow-list from the gateway's own, and what is configured for it (seeds
// F-57).
//
// PATH, HOME and LANG always; TZ and TMPDIR too, which hold no secrets: without them a child tells the wrong
// time or writes where a service may not. Whatever else the gateway was started with (its keys, other
// servers' tokens) stays with the gateway. Configured variables win. Pure function; the result holds
// credentials: it goes to exec, not to logs.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.hpp"

namespace weir::upstream {

inline constexpr std::array<std::string_view, 5> kInheritedVariables{"PATH", "HOME", "LANG", "TZ", "TMPDIR"};

using Variable = std::pair<std::string, base::Secret>;

// `own`: a variable of the gateway, or nothing. Later entries of `configured` win over earlier ones.
std::vector<Variable> child_environment(
    std::function<std::optional<std::string_view>(std::string_view)> const& own,
    std::span<Variable const> configured);

}  // namespace weir::upstream
