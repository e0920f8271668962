#include "router/name_map.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.hpp"

namespace weir::router {
namespace {

constexpr std::size_t kEndingBytes = 8;  // 40 bits
constexpr std::string_view kPlaceholder = "{server}";

bool is_plain(char byte) noexcept {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
         byte == '_' || byte == '-';
}

void append_plain(std::string& out, std::string_view text) {
  for (char const byte : text) out += is_plain(byte) ? byte : '_';
}

// What makes a name its own: the same in every process, for ever. `attempt` is 0 unless the ending itself was
// taken.
std::string ending(OwnName const& name, unsigned attempt) {
  static constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text(name.server);
  text += '\0';
  text += name.own;
  if (attempt > 0) text += '\0' + std::to_string(attempt);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data());
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 5; ++i) bits = bits << 8 | digest[i];
  std::string out;
  for (std::size_t i = 0; i < kEndingBytes; ++i, bits >>= 5) out += kAlphabet[bits & 31];
  return out;
}

struct Draft {
  std::string looks;     // before any shortening
  bool altered = false;  // does not look as the server and the operator wrote it
  bool too_long = false;
};

Draft draft(NameRules const& rules, OwnName const& name) {
  if (rules.bare) return {std::string(name.shown), name.shown != name.own, false};
  Draft made{exposed_prefix(rules, name.server), false, false};
  append_plain(made.looks, name.shown);
  made.altered = name.shown != name.own || !std::all_of(name.server.begin(), name.server.end(), is_plain) ||
                 !std::all_of(name.shown.begin(), name.shown.end(), is_plain);
  made.too_long = made.looks.size() > rules.bytes_max;
  return made;
}

std::string with_ending(NameRules const& rules, Draft const& made, OwnName const& name, unsigned attempt) {
  std::size_t const room = rules.bare ? made.looks.size() : rules.bytes_max - kEndingBytes - 1;
  return made.looks.substr(0, room) + '_' + ending(name, attempt);
}

struct Rivals {
  std::uint32_t all = 0, unaltered = 0;
};

}  // namespace

std::string exposed_prefix(NameRules const& rules, std::string_view server) {
  std::string out;
  std::string_view pattern = rules.prefix;
  auto const at = pattern.find(kPlaceholder);
  append_plain(out, pattern.substr(0, at));
  if (at != std::string_view::npos) {
    append_plain(out, server);
    append_plain(out, pattern.substr(at + kPlaceholder.size()));
  }
  return out;
}

NameMap NameMap::build(NameRules const& rules, std::span<OwnName const> names, std::uint64_t seed) {
  WEIR_ASSERT(rules.bytes_max >= NameRules::kBytesMin && rules.bytes_max <= NameRules::kBytesMax);
  std::vector<Draft> drafts;
  drafts.reserve(names.size());
  for (auto const& name : names) drafts.push_back(draft(rules, name));

  std::unordered_map<std::string_view, Rivals, SeededHash> rivals(names.size(), SeededHash{seed});
  for (auto const& made : drafts) {
    auto& seen = rivals[made.looks];
    ++seen.all;
    if (!made.altered) ++seen.unaltered;
  }

  NameMap map;
  map.exposed_.resize(names.size());
  map.index_ = decltype(map.index_)(names.size(), SeededHash{seed});
  std::vector<std::uint32_t> unsettled;
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    auto const& made = drafts[i];
    auto const seen = made.too_long ? Rivals{} : rivals[made.looks];
    bool const keeps_looks = seen.all == 1 || (!made.altered && seen.unaltered == 1);
    if (!keeps_looks) {
      unsettled.push_back(i);
      continue;
    }
    map.exposed_[i] = made.looks;
    map.index_.emplace(map.exposed_[i], i);
  }

  // Sorted, so that who tries first does not depend on the order of servers or of their lists.
  std::sort(unsettled.begin(), unsettled.end(), [&](auto a, auto b) {
    return std::pair(names[a].server, names[a].own) < std::pair(names[b].server, names[b].own);
  });
  for (std::uint32_t const i : unsettled) {
    for (unsigned attempt = 0;; ++attempt) {
      map.exposed_[i] = with_ending(rules, drafts[i], names[i], attempt);
      if (map.index_.emplace(map.exposed_[i], i).second) break;
    }
  }
  return map;
}

std::optional<std::uint32_t> NameMap::find(std::string_view exposed) const {
  auto const found = index_.find(exposed);
  if (found == index_.end()) return std::nullopt;
  return found->second;
}

}  // namespace weir::router
