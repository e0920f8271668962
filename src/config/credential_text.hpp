// What in the texts of a configuration is a credential: by where it stands, and by what it looks like.
//
// Pure. Secrets are masked by value, so nothing depends on a name being well chosen: names can only add to
// what is masked. Parts are views into the text given; nothing of a value is copied.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::config {

using Path = std::vector<std::string_view>;  // keys from the root; items of a list are at its path

struct ScalarPlace {
  Path const& path;
  std::string_view before = {};  // of an item of `args`: the argument before it
};

// Whether a value at this path is a credential even when it is written out ("servers", "x", "headers",
// "Authorization"; "caching", "l2", "password").
bool is_credential_path(Path const& path) noexcept;

// Whether what `${NAME}` brought to this place is one. In `env`, `args`, `headers` and `url` of a server
// everything is but places, hosts, numbers and a few words that programs are set up with; elsewhere the name
// or the place has to say so.
bool is_credential_variable(std::string_view name, std::string_view value, Path const& path) noexcept;

// The parts of a scalar that are credentials. `written_out`: nothing in it came from elsewhere, so what
// stands in a server's `env` and `headers` and is of kLiteralBytesMin bytes is one unless its form is
// harmless. In all of a server: the argument behind `--api-key` and its like, VALUE of `token=VALUE`. In URLs
// anywhere: the password; in those of a server also the values of a query.
std::vector<std::string_view> credentials_in(std::string_view text, ScalarPlace const& place,
                                             bool written_out);
inline constexpr std::size_t kLiteralBytesMin = 8;

// A URL that has one, as a whole; "" for none.
std::string_view url_with_password(std::string_view text) noexcept;

// A text as written, for people: references stay, credentials that are written out are ***.
std::string without_credentials(std::string_view text, ScalarPlace const& place);

}  // namespace weir::config
