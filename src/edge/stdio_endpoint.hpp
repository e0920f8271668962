// StdioEndpoint: the one client that started Weir as its child, of either era, on two streams (P052).
//
// One thread. One message a line, both ways; requests run at the same time and are answered as they finish.
// The opening exchange pins the era: a claimless `initialize` legacy, a valid modern request modern,
// server/discover nothing. notifications/cancelled ends the request it names in both eras and gets no answer.
// A line that was begun is written to its end; while the client does not read, answers and notifications wait
// where they are. Limits: rules.body_bytes_max a line, requests_max requests at work (more are told `busy`),
// lines_max lines in all (then nothing is read). Ends when the client's output ends: what is at work may take
// `linger` more, listens end.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/intrusive_list.hpp"
#include "base/run_until.hpp"
#include "base/task_group.hpp"
#include "edge/mcp_endpoint.hpp"
#include "net/stream.hpp"
#include "upstream/line_framer.hpp"
#include "upstream/line_writer.hpp"

namespace weir::edge {

struct StdioOptions {
  std::size_t requests_max = 1024;
  std::size_t lines_max = 2048;
  base::Duration linger = std::chrono::seconds{10};
};

class StdioEndpoint {
 public:
  using RulesNow = std::function<std::shared_ptr<EndpointRules const>()>;  // they may change on a reload

  // `parts`, `stopping` outlive the endpoint. While `stopping` new requests are refused.
  StdioEndpoint(EndpointParts parts, RulesNow rules, StdioOptions options, bool const& stopping);
  ~StdioEndpoint();

  // Serves until the client goes, then calls `on_end` once. Call once.
  void start(std::unique_ptr<net::Stream> in, std::unique_ptr<net::Stream> out, std::function<void()> on_end);

 private:
  enum class Pinned { nothing, modern, legacy };
  struct Running : base::ListHook {  // a request at work that may be cancelled
    Running(base::Scheduler& scheduler, std::string_view request, bool lasting)
        : id(request), endless(lasting), cancelled(scheduler) {}
    std::string_view id;
    bool endless;
    base::Event cancelled;
  };
  class Place;
  class Sink;

  base::Task<void> serve(std::function<void()> on_end);
  base::Task<void> read_lines();
  base::Task<void> write_backlog();
  base::Task<void> serve_inbox(std::shared_ptr<session::Outbox> outbox);
  void begin_session(session::SessionTable::Table::Pin const& session);
  void take_line(upstream::LineFramer::Line line);
  void take_note(core::Call& call);
  base::Task<void> serve_request(mcp::Message message);
  base::Task<base::Ended> work_on(core::Call& call, base::Result<core::Outcome>& outcome);
  base::Task<void> refuse(std::string id, era::Refusal refusal);
  base::Task<std::size_t> write_outcome(core::Outcome const& outcome);
  base::Task<bool> write_line(std::string line);
  base::Task<void> my_turn();

  std::optional<era::Refusal> admit(core::Call& call, EndpointRules const& rules);
  std::optional<era::Refusal> admit_modern(core::Call& call, EndpointRules const& rules);
  std::optional<era::Refusal> admit_initialize(core::Call& call);
  std::optional<era::Refusal> admit_legacy(core::Call& call);
  std::optional<era::Refusal> keep_session(core::Call& call);
  void end_handshake(core::Call const& call);

  EndpointParts parts_;
  RulesNow rules_;
  StdioOptions options_;
  bool const& stopping_;
  std::shared_ptr<core::Principal const> who_;
  std::unique_ptr<net::Stream> in_;
  std::unique_ptr<net::Stream> out_;
  std::optional<upstream::LineFramer> framer_;
  std::optional<upstream::LineWriter> writer_;
  std::string buffer_;
  Pinned pinned_ = Pinned::nothing;
  bool shaking_hands_ = false;                          // `initialize` is at work
  std::shared_ptr<core::ClientSession const> session_;  // legacy, after the handshake
  std::shared_ptr<session::Outbox> outbox_;             // its
  base::IntrusiveList<Running> running_;
  std::size_t requests_ = 0;
  std::size_t lines_ = 0;
  base::Event room_;  // a line may be read
  base::Event gone_;  // nobody reads what we write
  std::string request_stem_;
  std::uint64_t request_count_ = 0;
  base::TaskGroup requests_group_;
  base::TaskGroup shell_;  // last: cancelled first
};

}  // namespace weir::edge
