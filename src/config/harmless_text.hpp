// Texts of a configuration that give nothing away, by their form alone. What stands where credentials stand
// and has none of these forms is taken for one.
//
// Pure; looks at bytes only, copies nothing. It errs towards a secret: what is masked without need costs a
// word in a log.
#pragma once

#include <string_view>

namespace weir::config {

// Ordinary forms: a number, a version, a date; up to two plain words ("read-only"); a media type, a locale, a
// region; an absolute path or a list of them; a host. Also several of these with spaces, `,` or `;` between
// them, as `key=value` or as an option. A URL is none of them.
bool is_harmless_text(std::string_view text) noexcept;

bool is_number(std::string_view text) noexcept;         // also 1.2.3, 10MiB, 30s, 2026-07-28, 127.0.0.1:80
bool is_plain_word(std::string_view text) noexcept;     // letters of one case, or with a capital first
bool is_place_on_disk(std::string_view text) noexcept;  // a path, or several with `:` between them
bool is_host(std::string_view text) noexcept;           // with or without a port

}  // namespace weir::config
