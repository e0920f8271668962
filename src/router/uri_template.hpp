// UriTemplate: does a URI come from this RFC 6570 template?
//
// All operators are understood as the sets of characters that their expansions can hold; variables are not
// told apart. `{var}` matches up to the next `/`, `?` or `#`; `{+var}` and `{#var}` match anything.
// Immutable, any thread. Limits: kBytesMax of template and kUriBytesMax of URI. Cost of matches():
// expressions × bytes of the URI.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::router {

class UriTemplate {
 public:
  static constexpr std::size_t kBytesMax = 2 * 1024;
  static constexpr std::size_t kUriBytesMax = 8 * 1024;
  static constexpr std::size_t kExpressionsMax = 32;

  // Error invalid_input: an unclosed or empty expression, an unknown operator, over a limit.
  static base::Result<UriTemplate> compile(std::string_view text);

  bool matches(std::string_view uri) const;

 private:
  enum class Run : std::uint8_t { none, segment, path, query, anything };
  struct Part {
    std::string literal;    // first this …
    Run run = Run::none;    // … then any number of bytes of this set
    char opening = 0;       // the run is empty or begins with this byte
    bool required = false;  // the run has at least one byte
  };
  static bool in_run(Run run, char byte) noexcept;

  std::vector<Part> parts_;
};

}  // namespace weir::router
