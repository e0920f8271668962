// EraDoubt: when an answer makes one doubt the era that its server was found to be of, and how often the
// server is asked for that (P012, P014).
//
// Brain; one per server, on its thread. A refused version speaks for itself. Else a legacy server is doubted
// for HTTP 400 with a code of modern servers, a modern one for 400, 404 or 405 without an error that modern
// servers have. Callers can cause most of this for good, and a doubt proves nothing: it asks for a discovery,
// one at a time and kPause apart.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "core/call.hpp"
#include "core/outcome.hpp"
#include "mcp/message.hpp"

namespace weir::upstream {

// `modern`: the era that was spoken. `message`: null where the body held no answer to the request.
bool raises_doubt(bool modern, int status, mcp::Message const* message);
bool raises_doubt(bool modern, int status, base::Result<core::Outcome> const& answer);

// Whether the server refused the version of a call: nothing ran (-32022).
bool refuses_version(base::Result<core::Outcome> const& answer);

class EraDoubt {
 public:
  static constexpr base::Duration kPause = std::chrono::seconds{5};

  bool begin(base::TimePoint now) noexcept {  // true: ask now, and end() it
    if (asking_ || now < again_) return false;
    asking_ = true;
    return true;
  }
  void end(base::TimePoint now) noexcept {
    asking_ = false;
    again_ = now + kPause;
  }
  bool asking() const noexcept { return asking_; }

 private:
  bool asking_ = false;
  base::TimePoint again_;
};

}  // namespace weir::upstream
