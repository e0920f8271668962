// SseProcess: an HTTP+SSE server (2024-11-05) in the shape of a child process, so that StdioBackend can serve
// it.
//
// "Spawning" opens the event stream; lines written to input() are POSTed to the endpoint that the stream
// names (same origin only, P051), as SsePosts does it; each message event becomes a line of output(); the end
// of the stream, a forgotten session or a wrong endpoint is the exit, with its cause on errors(). A request
// that is refused, or was never sent, is answered here with an error, and take_failure() says more of it; one
// whose POST only ends without an answer is left to the stream. An event over event_bytes_max is passed over:
// the request that it answers fails, as far as both ends of it say which that is; else errors() tells of it,
// and the call ends at its deadline. Where there are tokens, the GET and each POST carry the one that is good
// then; the stream stays open when it ends. Nothing is probed: the server gets initialize. One worker thread;
// destroying it closes the stream. Limits: the endpoint must be named within kEndpointMax; those of SsePosts.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/task_group.hpp"
#include "core/credential_slot.hpp"
#include "core/credential_source.hpp"
#include "net/dialer.hpp"
#include "net/http_client.hpp"
#include "net/url.hpp"
#include "upstream/child_process.hpp"

namespace weir::upstream {

// Whose stream it is, where each caller has one of their own: as they last came, with what they showed then.
struct SseOwner {
  core::Principal principal;
};

struct SseOptions {
  net::Url url;
  core::CredentialFields fields;                               // the operator's headers and the credential
  std::shared_ptr<core::CredentialSlot> credential = nullptr;  // instead of `fields`, where they may change
  std::shared_ptr<core::CredentialSource> tokens = nullptr;    // beside them; null: none are needed
  std::shared_ptr<SseOwner const> owner = nullptr;             // whose they are; null: the gateway's
  std::size_t line_bytes_max = 10 * 1024 * 1024;
  std::size_t event_bytes_max = 16 * 1024 * 1024;
};

class SseSpawner final : public ChildSpawner {
 public:
  static constexpr base::Duration kEndpointMax = std::chrono::seconds{10};

  SseSpawner(base::Scheduler& scheduler, net::Dialer& dialer, SseOptions options)
      : scheduler_(scheduler), dialer_(dialer), options_(std::move(options)) {}
  base::Result<std::unique_ptr<ChildProcess>> spawn(ChildCommand const& command) override;
  bool legacy_only() const noexcept override { return true; }

 private:
  base::Scheduler& scheduler_;
  net::Dialer& dialer_;
  SseOptions options_;
};

}  // namespace weir::upstream
