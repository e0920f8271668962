// FakeServer: an MCP server over HTTP that behaves as its tools' names say, well or badly.
//
// Serves any number of connections on the scheduler it is given: in memory (World) or on sockets (weir_load).
// Speaks revision 2026-07-28, or 2025-06-18 with sessions, or both. Tools, by name; arguments
// {"key":…,"ms":…,"n":…}:
//   echo       returns its key                     slow       … after `ms`
//   progress   `n` progress events, `ms` apart, then the key; `bytes` pads each
//   hang       never answers                       reset      closes instead of answering
//   half       half of a sized body, then closes   half_sse   half of an event stream
//   wrong_id   another call's answer                 malformed  answers something that is not JSON
// Every call that arrives is executed: the ledger counts it before anything else happens. With `watchable`,
// its resources can be subscribed to: over the GET stream of a session, or subscriptions/listen.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "chaos/ledger.hpp"
#include "mcp/message.hpp"
#include "support/wire.hpp"

namespace weir::test {

using chaos::Ledger;

inline constexpr std::string_view kHonestTools[] = {"echo", "slow", "progress"};
inline constexpr std::string_view kBadTools[] = {"hang",     "reset",    "half",
                                                 "half_sse", "wrong_id", "malformed"};

class FakeServer {
 public:
  enum class Speaks { modern, legacy, both };

  FakeServer(base::Scheduler& scheduler, std::string name, Speaks speaks, Ledger* ledger = nullptr)
      : scheduler_(scheduler),
        name_(std::move(name)),
        speaks_(speaks),
        ledger_(ledger),
        connections_(scheduler) {}

  void serve(std::unique_ptr<net::Stream> connection);
  void die() {  // every connection breaks, new ones are refused
    alive = false;
    close_all();
  }
  void become(Speaks speaks) noexcept { speaks_ = speaks; }  // as after an update
  void close_all() { connections_.cancel(); }
  void forget_sessions() {
    sessions_.clear();
    watched.clear();
  }
  void update(std::string const& uri);                  // tells whoever subscribed
  void end_streams();                                   // breaks every event stream that is not an answer
  std::set<std::string> resources_listened_to() const;  // by modern subscriptions
  std::size_t connections() const noexcept { return connections_.size(); }
  std::size_t sessions() const noexcept { return sessions_.size(); }

  bool alive = true;
  bool watchable = false;           // before it is asked for the first time
  std::set<std::string> watched;    // by legacy sessions
  std::set<std::string> unwatched;  // it refuses these
  base::Duration ack_after{};       // of a subscription; it counts …
  bool counts_at_once = false;      // … from the request on, else from its acknowledgement
  int listens_most = 0;             // subscriptions to resources that were open at the same time
  bool mute_notifications = false;  // acknowledges none
  bool mute = false;                // reads requests and answers nothing
  int reset_after = 0;              // so many of them are spared before …
  int reset_next = 0;         // so many of the coming requests are read and then cut off, whatever they are
  int reset_delete_next = 0;  // so many DELETEs find their connection cut
  int unavailable_next = 0;   // … or answered 503
  int nameless_errors_next = 0;       // … or with an error whose id is null
  base::Duration handshake_takes{};   // from `initialize` to its answer; the session exists meanwhile
  bool forgets_at_once = false;       // opens sessions and knows none of them
  std::set<std::string> extra_tools;  // more names for the list, behaving like echo
  // What becomes of every tool call, whatever its name; empty: what the name says. One of kBadTools, or
  //   drip             an answer in pieces, `drip_pause` apart
  //   503              executed, and answered so
  //   429, 401, 403    refused and not executed; 429 with a time to come back
  std::string weather;
  base::Duration lag{};  // from the execution of a tool call to its answer, in any weather
  base::Duration drip_pause{};
  // The text of a result, asked for as the call is executed; empty: the key and the server's name.
  std::function<std::string(std::string const& tool, std::string const& key)> words;
  std::string canned;  // what tool `canned` sends, byte for byte, with the call's id for each %ID%
  std::vector<std::string> canned_streams;  // … and what GETs with Last-Event-ID are answered, in turn
  std::vector<std::string> resumed;         // their Last-Event-ID
  std::string canned_tool;                  // all that is in the list, as its text
  bool logs = false;                        // takes log levels, in legacy sessions
  std::vector<std::string> levels;          // that were set
  std::string asks_on_get;     // a request that it makes on each GET stream once a call is being executed
  std::set<std::string> keys;  // Authorization must be one of these, else 401; empty: it does not matter
  std::map<std::string, int> used;               // requests by the Authorization that they came with
  std::string wanted_header;                     // lower case: tool calls without it are refused with -32020
  std::vector<std::string> replies;              // bodies of what clients answered to requests of the server
  std::vector<std::string> client_capabilities;  // with each call
  std::map<std::string, int> seen;               // requests by method
  std::vector<base::TimePoint> hung_up;          // when a caller left while its call hung
  std::vector<std::string> cancelled;            // bodies of notifications/cancelled
  std::size_t working = 0;                       // calls being executed
  std::size_t working_most = 0;

 private:
  struct Request {
    WireHead head;
    mcp::Message message;
    std::string id;  // as received
  };
  struct Stream {  // one that is open towards a client
    explicit Stream(base::Scheduler& scheduler) : news(scheduler) {}
    std::string id;              // of a subscription; "" for the stream of a session
    std::set<std::string> uris;  // of a subscription
    std::vector<std::string> out;
    bool broken = false;
    base::Event news;
  };
  class Open;
  base::Task<bool> stream(Wire& wire, std::shared_ptr<Stream> stream);
  base::Task<bool> listen(Wire& wire, Request const& request);
  base::Task<bool> answer_watcher(Wire& wire, Request const& request);
  std::string capabilities() const;
  base::Task<void> converse(std::unique_ptr<net::Stream> connection);
  base::Task<void> ask_on_get(Wire& wire);
  base::Task<bool> answer(Wire& wire, Request request);
  base::Task<bool> answer_legacy_handshake(Wire& wire, Request const& request);
  base::Task<bool> call_tool(Wire& wire, Request request);
  base::Task<bool> misbehave(Wire& wire, Request const& request, std::string tool, std::string text);
  std::string canned_text(std::string text) const;
  base::Task<bool> drip(Wire& wire, std::string text);
  base::Task<bool> progress(Wire& wire, Request const& request, std::string result);
  base::Task<bool> result(Wire& wire, std::string id, std::string json);
  std::string tools_json() const;
  std::string discover_json() const;
  bool modern(Request const& request) const;

  base::Scheduler& scheduler_;
  std::string name_;
  Speaks speaks_;
  Ledger* ledger_;
  std::set<std::string> sessions_;
  int session_count_ = 0;
  std::string canned_id_;  // of the last call of `canned`
  std::vector<std::shared_ptr<Stream>> streams_;
  base::TaskGroup connections_;
};

// The value of a string or integer member of a JSON object written by our own fakes; "" when absent.
std::string member_of(std::string_view json, std::string_view key);

}  // namespace weir::test
