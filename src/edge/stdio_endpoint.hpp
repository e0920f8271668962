// StdioEndpoint: the one client that started Weir as its child, of either era, on two streams (P052).
//
// One thread. One message a line, both ways; requests run at the same time and are answered as they finish.
// The opening exchange pins the era: a claimless `initialize` legacy, a valid modern request modern,
// server/discover and methods that are not MCP's own nothing. notifications/cancelled ends the request it
// names in both eras and gets no answer. In a session of 2025-03-26 a line may be an array of messages; its
// answers come back as one (P023).
// A line that was begun is written to its end; while the client does not read, answers and notifications wait
// where they are. Limits: rules.body_bytes_max a line, requests_max requests at work (more are told `busy`),
// lines_max messages in all (then nothing is read), those of Batch for arrays: what is too much to be held
// gets a line of its own. Ends when the client's output ends: what is at work may take `linger` more, listens
// end.
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
  struct Array {  // the answers to one array of messages, held until the last one is there
    std::vector<std::string> answers;
    std::size_t held = 0;  // bytes of the answers of calls among them
  };
  class Place {  // of a line, or a message of an array, at work: kept until its answer is written
   public:
    explicit Place(StdioEndpoint& endpoint) noexcept : endpoint_(endpoint) { ++endpoint_.lines_; }
    Place(Place const&) = delete;
    Place& operator=(Place const&) = delete;
    ~Place() {
      if (--endpoint_.lines_ < endpoint_.options_.lines_max) endpoint_.room_.set();
    }

   private:
    StdioEndpoint& endpoint_;
  };
  class Sink;

  base::Task<void> serve(std::function<void()> on_end);
  base::Task<void> read_lines();
  base::Task<void> write_backlog();
  base::Task<void> serve_inbox(std::shared_ptr<session::Outbox> outbox);
  void begin_session(session::SessionTable::Table::Pin const& session);
  void take_line(upstream::LineFramer::Line line);
  void take_note(mcp::Message message);
  void take_array(std::string text);
  base::Task<void> serve_array(std::vector<mcp::Message> messages, std::vector<std::string> answers);
  base::Task<void> serve_request(mcp::Message message, Array* array = nullptr);
  base::Task<base::Ended> work_on(core::Call& call, base::Result<core::Outcome>& outcome);
  base::Task<void> refuse(std::string id, era::Refusal refusal);
  base::Task<std::size_t> deliver(core::Outcome const& outcome, Array* array);
  base::Task<void> deliver(std::string json, Array* array);
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
