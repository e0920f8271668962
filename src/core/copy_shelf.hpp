// CopyShelf: gives what is still kept of the answer to a call whose server has failed.
//
// Implemented by the cache, asked by whoever looks for something that can stand in. The copy is the caller's
// own or everybody's, never another caller's, and not older than the operator allows; nothing where the call
// said that it wants no copy. One worker; waits for nothing.
#pragma once

#include <optional>

#include "core/call.hpp"

namespace weir::core {

class CopyShelf {
 public:
  virtual ~CopyShelf() = default;
  // Once `call`, which has `copy_wanted`, came back as a failure. Notes in its facts what the copy is.
  virtual std::optional<Outcome> copy_for(Call& call) = 0;
  // Whether the operator says that such a call changes something; for one that did not come by here.
  virtual bool updates(Call const& call) const = 0;
};

}  // namespace weir::core
