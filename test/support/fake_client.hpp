// FakeClient: an MCP client over HTTP, of either era, that reports exactly what it was sent.
//
// Every request takes a kept connection or a new one, runs as a task of its own and fills a Reply, which the
// caller shares and looks at as time advances. Ids are the caller's choice and may repeat across clients. On
// pipes (World) or sockets (weir_load): `connect` makes connections. hang_up() closes a request's connection
// at once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "support/wire.hpp"

namespace weir::test {

struct Reply {
  WireHead head;
  std::string body;                 // unless it was an event stream
  std::vector<std::string> notes;   // notifications, in order
  std::vector<std::string> finals;  // responses; more than one is a violation
  std::size_t note_bytes = 0;       // of all notes
  bool done = false;                // the exchange is over
  bool broken = false;              // … but not in its proper way
  base::TimePoint sent, first_note, ended;

  bool answered() const noexcept { return done && !broken && finals.size() == 1; }
  std::string final() const { return finals.empty() ? std::string() : finals.front(); }
};

class FakeClient {
 public:
  enum class Era { modern, legacy };
  using Connect = std::function<base::Task<std::unique_ptr<net::Stream>>()>;
  using Replied = std::shared_ptr<Reply>;
  using Done = std::function<void(Replied const&)>;

  FakeClient(base::Scheduler& scheduler, Era era, Connect connect)
      : scheduler_(scheduler),
        era_(era),
        connect_(std::move(connect)),
        reading_(scheduler),
        tasks_(scheduler) {
    reading_.set();
  }

  Replied initialize();  // legacy: keeps the session from the answer
  Replied call(std::string tool, std::string arguments = "{}", std::string id = "1");
  Replied request(std::string method, std::string params_inside = {}, std::string id = "1");
  Replied end_session();
  Replied cancel(std::string id);           // legacy: notifications/cancelled
  Replied post(std::string head_and_body);  // raw bytes; expects one answer

  void hang_up(Replied const& of);
  void close_connections() { idle_.clear(); }
  void read(bool on) { on ? reading_.set() : reading_.reset(); }  // false: stops reading event streams
  std::string const& session() const noexcept { return session_; }
  std::size_t pending() const noexcept { return tasks_.size(); }
  Era era() const noexcept { return era_; }

  bool ask_progress = true;
  std::string capabilities = "{}";
  std::string log_level;  // that modern calls ask for, if any
  std::string path = "/mcp";
  std::string own_fields;  // of every request, each with its line end
  Done on_done;            // called as each exchange ends

 private:
  std::string message(std::string const& method, std::string const& inside, std::string const& id) const;
  std::string post_text(std::string const& fields, std::string const& body) const;
  std::string modern_fields(std::string const& method, std::string const& inside) const;
  Replied start(std::string text);
  base::Task<void> run(std::string text, Replied reply, std::shared_ptr<base::Event> cut);
  base::Task<void> converse(std::string text, Replied reply);
  base::Task<void> read_answer(Wire& wire, Replied reply);
  static void take(Reply& reply, std::string message, base::TimePoint now);

  base::Scheduler& scheduler_;
  Era era_;
  Connect connect_;
  std::string session_;
  std::vector<std::unique_ptr<Wire>> idle_;
  std::vector<std::pair<std::weak_ptr<Reply>, std::weak_ptr<base::Event>>> cuts_;
  base::Event reading_;
  base::TaskGroup tasks_;
};

}  // namespace weir::test
