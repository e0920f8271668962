// ClientInbox: where a legacy client gets what belongs to no request of its: list changes, resource updates.
//
// One per session, any thread; never blocks. `notification` is one JSON-RPC message with names and URIs as
// the client knows them. It goes out on the client's own stream, once (P047), or waits for one within the
// bounds of the replay buffer. False: the session is over.
#pragma once

#include <string>

#include "base/clock.hpp"

namespace weir::core {

class ClientInbox {
 public:
  virtual ~ClientInbox() = default;
  virtual bool post(std::string notification, base::TimePoint now) = 0;
  virtual bool over() const = 0;  // before anybody is told that the session has ended
};

}  // namespace weir::core
