// A kept answer: what unpacks packs again to the same bytes, and bytes that nobody sealed do not open.
#include "fuzz/fuzz_text.hpp"
#include "store/record.hpp"

namespace {

using namespace weir::store;
using weir::fuzz::require;

RecordSealer const& sealer() {
  static RecordSealer const kSealer(StoreSecret::from_text(weir::base::Secret("of the fuzz target")));
  return kSealer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const input{reinterpret_cast<char const*>(data), size};
  StoreKey const key{{"files", "resources/read", "file:///a", "a1"}, {1, 2}};
  require(!sealer().open(key, input), "nobody else seals");
  auto const answer = unpack(input);
  if (!answer) return 0;
  require(pack(*answer) == input, "one packed form");
  require(end_of(*answer) >= answer->fetched, "no end before the beginning");
  auto sealed = sealer().seal(key, *answer);
  require(sealer().open(key, sealed) == answer, "opens as what was sealed");
  sealed[size % sealed.size()] = static_cast<char>(sealed[size % sealed.size()] ^ 1);
  require(!sealer().open(key, sealed), "no bit may change");
  return 0;
}
