// KnownCallers: the digests of those who called lately, because a caller asks again and again.
//
// One per CacheLayer, one thread. A place is chosen by hash and kept by the last who hashed to it; all of a
// caller is compared, so nobody gets another's digests. They depend on the policy: a new one begins anew.
// Limits: kPlaces callers, each about 300 bytes.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/hash.hpp"
#include "cache/answer_key.hpp"

namespace weir::cache {

class KnownCallers {
 public:
  static constexpr std::size_t kPlaces = 32;

  struct Caller {
    core::Principal principal;
    PartitionBy by{};
    std::string session;
    base::Digest partition;
    std::string who;
  };

  // Good until the next call.
  Caller const& of(AnswerKeys const& keys, core::Principal const& principal, PartitionBy by,
                   std::string_view session) {
    auto const& told_apart = principal.credential.empty() ? principal.id : principal.credential;
    auto& place = places_[base::hash64(told_apart, 0) % kPlaces];
    bool const same = place && place->principal == principal && place->by == by && place->session == session;
    if (!same) {
      place =
          std::make_unique<Caller>(Caller{principal, by, std::string(session),
                                          keys.partition(principal, by, session), keys.who(principal.id)});
      place->principal.token.reset();  // may not outlive its time here
    }
    return *place;
  }

 private:
  std::array<std::unique_ptr<Caller>, kPlaces> places_;
};

}  // namespace weir::cache
