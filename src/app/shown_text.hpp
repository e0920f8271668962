// Foreign text made safe to show to people: names, descriptions, last words of servers.
//
// What nobody sees (router/hidden_text.hpp: control characters, those that change the writing direction, …)
// and what is not UTF-8 become `?`, so that no server can move the cursor or hide what it says. Names that
// people shall use are shown by router::shown_name() instead. Widths count characters. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::app {

std::string shown(std::string_view text);        // on one line: line breaks become spaces
std::string shown_lines(std::string_view text);  // keeps line breaks and tabs

std::size_t width_of(std::string_view text) noexcept;
std::string left(std::string_view text, std::size_t width);   // padded with spaces behind
std::string right(std::string_view text, std::size_t width);  // … and before

// The last lines of `text`, oldest first, without the empty ones; at most `most`.
std::string last_lines(std::string_view text, std::size_t most, std::string_view indent);

std::string first_sentence(std::string_view text);

}  // namespace weir::app
