// Names of files that a caller's URI or value may stand for, below a folder and never outside it.
//
// Pure functions, any thread. What comes out is relative, of 1 to kPartsMax parts joined by single slashes; a
// part is 1 to 255 bytes, does not begin with a dot (so neither `..` nor anything hidden) and has no slash,
// backslash, NUL or other control byte. A text with a part that is not so names nothing at all: it is
// refused, not repaired. The file system is asked elsewhere (contained_folder.hpp), which trusts none of
// this.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::fallback {

inline constexpr std::size_t kPartsMax = 16;
inline constexpr std::size_t kNamedByMax = 2048;  // bytes of a URI or value that is looked at; more: nothing

// `https://user@wiki:8443/x/pages/A%201?v=2#top` is wiki/x/pages/A 1: host without port, then the path, each
// part percent-decoded once. `page:17` is 17. No scheme: the path as it is.
std::vector<std::string> parts_of_uri(std::string_view uri);

// `/vercel/next.js` is vercel/next.js; nothing is decoded. Empty if it is no name of a file.
std::vector<std::string> parts_of_value(std::string_view value);

// `Deploy Guide (2)` is deploy-guide-2: ASCII letters small, runs of other ASCII than letters and digits one
// dash.
std::string slug_of(std::string_view text);

// Ways to find a file, best first: the longest run of last parts first, each as it is and then with `.md`,
// `.txt`, `.json`, `.html`. `suffixes` false: all parts only.
std::vector<std::string> names_for(std::vector<std::string> const& parts, bool suffixes);

}  // namespace weir::fallback
