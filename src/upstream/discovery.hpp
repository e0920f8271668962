// Discovery: which era a server speaks, as a decision table over what its probes brought (P010–P013).
//
// HttpDiscovery and StdioDiscovery say what to send next until they reach a verdict or a failure. They see
// each answer once and hold a few bytes; whoever drives them does the sending, the deadlines and the caching
// of the verdict. Brains; one thread. 401, 403, 408, 429, 5xx and a lost connection are never evidence of an
// era (P011); the body of a 400 counts before its status (P013); a version is corrected at most once per
// method (P012).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "mcp/message.hpp"
#include "mcp/revision.hpp"

namespace weir::upstream {

struct NextStep {
  enum class Kind {
    discover,    // send server/discover at `revision`
    initialize,  // send initialize offering `revision`
    open_sse,    // GET the url and wait for `event: endpoint` (HTTP only)
    modern,      // verdict: modern at `revision`; the answer given last is its DiscoverResult
    legacy,      // verdict: legacy. HTTP: the answer given last is its InitializeResult, at `revision`;
                 // stdio: start the real child and offer `revision`
    failed,      // `error` says why, with a hint
  };
  Kind kind = Kind::failed;
  mcp::Revision revision{};
  base::Error error;
};

// What is wrong with a url whose POSTs were answered with this HTTP status and no message. `sse`: why it is
// no HTTP+SSE server either; "" while that was not tried.
std::string no_endpoint(int status, std::string_view sse);

// The versions a server named, in `supportedVersions` of a DiscoverResult or `data.supported` of an error.
struct NamedVersions {
  bool present = false;                 // there was a list
  std::optional<mcp::Revision> modern;  // the newest one that both sides speak
  std::optional<mcp::Revision> legacy;
  bool newer = false;  // names a modern version that Weir does not speak
};
NamedVersions versions_in(std::string_view json_array);
NamedVersions versions_in_error(mcp::Message const& error);  // of error.data

class HttpDiscovery {
 public:
  NextStep start() noexcept;

  // The answer to the last discover or initialize: HTTP status and its one message, if the body held one
  // (JSON, or the response on its event stream).
  NextStep answered(int status, mcp::Message const* body);

  // No answer: connect, TLS, timeout. `error` is handed back with a hint.
  NextStep lost(base::Error error) const;

  // The GET after open_sse brought `event: endpoint`, or did not.
  NextStep sse(bool endpoint_seen);

 private:
  NextStep discovered(int status, mcp::Message const* body);
  NextStep initialized(int status, mcp::Message const* body);

  enum class Phase { discover, initialize, sse, sse_initialize } phase_ = Phase::discover;
  bool corrected_ = false;  // this phase has used up its one corrective retry
};

class StdioDiscovery {
 public:
  NextStep start() noexcept;
  NextStep answered(mcp::Message const& message);
  NextStep silent() const noexcept;  // the probe's time is over
  NextStep exited() const noexcept;  // some servers end at any message before initialize

 private:
  bool corrected_ = false;
};

// How long a server is taken for a legacy one before it is asked again (P014): at most `most`, at least four
// fifths of it.
base::Duration verdict_life(base::Duration most, base::Random& random);

// The version an InitializeResult settled on, or the one corrective offer, or a failure. `corrected` as
// above.
NextStep after_initialize(mcp::Message const& message, bool& corrected);

}  // namespace weir::upstream
