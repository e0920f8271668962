// Tenure: how long what a caller was admitted with holds.
//
// A call is over before that matters. A stream is not: what comes on it after its token has expired, its key
// was taken away or another policy holds would be for somebody who may not ask for it any more: it ends then,
// and the client asks again with what it has by now. Owned by the edge, in the frame of the request;
// one worker.
#pragma once

#include "base/clock.hpp"
#include "base/sync.hpp"

namespace weir::core {

class Tenure {
 public:
  virtual ~Tenure() = default;
  virtual bool over() = 0;
  virtual base::TimePoint until() const = 0;    // look again then at the latest
  virtual base::Event& changed() noexcept = 0;  // set and reset at once: look again
};

}  // namespace weir::core
