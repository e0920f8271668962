// LimitTrial: a change of one server's limit, and whether it was worth it.
//
// A value; time does not matter to it. Fewer places are worth it if the server answers as many calls with
// them: where the time is lost elsewhere (a slow network, a machine or a gateway that is busy with others),
// fewer places only mean fewer answers. And if no more calls are refused: who waits for an answer and comes
// again when refused would rather have waited. The latter does not matter where answers come too late anyway.
// More places are worth it if more calls are answered, or as many, and fewer refused.
#pragma once

#include <cstdint>

#include "resilience/call_rates.hpp"

namespace weir::resilience {

struct LimitTrial {
  enum class Kind : std::uint8_t {
    fewer,
    must,  // fewer, since calls were about to miss their deadlines
    more,
  };
  Kind kind;
  double limit;  // before
  CallRates::OfTwo before;
  double seconds;  // that an answer took then

  bool worth_it(CallRates::OfTwo const& after, double limit_now) const noexcept;
};

}  // namespace weir::resilience
