// URIs and values of callers as names of files: whatever the text, a name stays below its folder.
#include <string>

#include "fallback/backup_path.hpp"
#include "fallback/backup_question.hpp"
#include "fuzz/fuzz_text.hpp"

namespace {

using namespace weir::fallback;
using weir::fuzz::require;

void require_inside(std::vector<std::string> const& parts, bool suffixes) {
  require(parts.size() <= kPartsMax, "no more parts than the limit");
  for (auto const& part : parts) {
    require(!part.empty() && part.size() <= 255, "a part that a file system knows");
    require(part.front() != '.', "nothing hidden and no way up");
    for (char const c : part) {
      auto const byte = static_cast<unsigned char>(c);
      require(byte >= 0x20 && byte != 0x7F && c != '/' && c != '\\', "no separators or control bytes");
    }
  }
  auto const names = names_for(parts, suffixes);
  require(names.size() == 5 * (suffixes ? parts.size() : parts.empty() ? 0U : 1U), "each end five times");
  for (auto const& name : names) {
    require(!name.empty() && name.front() != '/', "a relative name");
    require(("/" + name + "/").find("/../") == std::string::npos, "no way up");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  require_inside(parts_of_uri(text), true);
  require_inside(parts_of_value(text), false);
  auto const slug = slug_of(text);
  require(slug.size() <= 255 && slug.find_first_of("/.\\") == std::string::npos, "a slug is one plain part");
  require(parts_of_value(slug).size() == (slug.empty() ? 0U : 1U), "and a name of a file");
  std::size_t words = 0;
  each_word(text, [&](std::uint32_t) { return ++words < 100; });
  require(words <= 100, "words stop when they are told to");
  return 0;
}
