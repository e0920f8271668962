// ScriptedSpawner: the in-memory twin of real children. Every spawn makes a FakeProgram that a test looks at
// and drives.
//
// A program's bytes travel through pipes of the test's loop, so time is virtual. By default a program answers
// the handshake of its era by itself and records every line; a test answers the rest with say(). One thread.
// The spawner outlives the backend under test; programs live as long as the spawner.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "mcp/message.hpp"
#include "net/pipe.hpp"
#include "support/endless_stream.hpp"
#include "upstream/child_process.hpp"

namespace weir::test {

enum class Handshake {
  legacy,          // -32601 to server/discover, answers initialize
  legacy_silent,   // nothing to server/discover
  legacy_fragile,  // exits at anything before initialize
  modern,          // answers server/discover; keeps subscriptions/listen open
  none,            // answers nothing
  broken,          // complains on stderr and exits with 1 at once
  missing,         // there is no such program
};

// The program's own end of everything.
class FakeProgram {
 public:
  FakeProgram(base::Scheduler& scheduler, Handshake handshake, std::size_t pipe_bytes)
      : exited(scheduler), scheduler_(scheduler), handshake_(handshake) {
    std::tie(near_in, in_) = net::make_pipe(scheduler, pipe_bytes);
    std::tie(near_out, out_) = net::make_pipe(scheduler, pipe_bytes);
    std::tie(near_err, err_) = net::make_pipe(scheduler, pipe_bytes);
  }

  std::vector<std::string> lines;                // every line it was sent
  std::string capabilities = R"({"tools":{}})";  // of a legacy one
  bool stdin_ended = false;
  bool reading = true;    // false: lets its stdin fill up
  bool stubborn = false;  // does not end when its stdin does
  bool immune = false;    // ignores SIGTERM
  std::vector<std::string> signals;

  // Hands over what fits into the pipe; returns the rest.
  std::string say(std::string text) { return put(*out_, text + "\n"); }
  std::string say_raw(std::string text) { return put(*out_, std::move(text)); }
  void complain(std::string text) { put(*err_, std::move(text)); }
  void answer(std::string id, std::string result) {
    say(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":)" + result + "}");
  }
  void never_stop_complaining() {  // before Weir reads for the first time
    near_err = std::make_unique<EndlessStream>(scheduler_, "", "what a mess\n");
  }
  void exit(upstream::ExitStatus with) {
    if (exited.is_set()) return;
    status = with;
    in_.reset();
    out_.reset();
    err_.reset();
    exited.set();
  }
  void close_output() { out_.reset(); }
  void close_input() { in_.reset(); }  // and reads no more
  bool running() const noexcept { return !exited.is_set(); }

  // The id that Weir gave to the n-th request for `method` (from 0), or "".
  std::string id_of(std::string const& method, std::size_t n = 0) const {
    for (auto const& line : lines) {
      auto const message = mcp::decode(line);
      if (!message || message->raw(mcp::Field::method) != "\"" + method + "\"") continue;
      if (n-- == 0) return std::string(message->raw(mcp::Field::id));
    }
    return {};
  }

  base::Task<void> live() {
    if (handshake_ == Handshake::missing) exit({.code = 127, .signal = 0, .exec_errno = 2});
    if (handshake_ == Handshake::broken) {
      complain("DATABASE_URL is not set\n");
      exit({.code = 1});
    }
    std::array<char, 4096> buffer;
    while (running() && in_) {
      auto const got = reading ? in_->read(buffer) : net::IoResult{net::IoState::blocked};
      if (got.state == net::IoState::blocked) {
        co_await in_->readable();
        if (!reading) co_return;  // resumed by read_again()
        continue;
      }
      if (got.state != net::IoState::moved) break;
      pending_.append(buffer.data(), got.bytes);
      for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n')) {
        lines.push_back(pending_.substr(0, end));
        pending_.erase(0, end + 1);
        react(lines.back());
        if (!running()) co_return;
      }
    }
    stdin_ended = true;
    if (!stubborn) exit({.code = 0});
  }

  base::Event exited;
  upstream::ExitStatus status;
  std::function<void(FakeProgram&, mcp::Message const&)> on_request;  // what the handshake leaves over
  std::unique_ptr<net::Stream> near_in, near_out, near_err;           // Weir's ends

 private:
  static std::string put(net::Stream& stream, std::string text) {
    iovec const piece{text.data(), text.size()};
    auto const done = stream.write({&piece, 1});
    return text.substr(done.state == net::IoState::moved ? done.bytes : 0);
  }

  void react(std::string const& line) {
    auto const message = mcp::decode(line);
    if (!message) return;
    std::string const id(message->raw(mcp::Field::id));
    bool const modern = handshake_ == Handshake::modern;
    bool const legacy = handshake_ == Handshake::legacy || handshake_ == Handshake::legacy_silent ||
                        handshake_ == Handshake::legacy_fragile;
    if (message->method() == mcp::Method::server_discover && modern) {
      answer(id,
             R"({"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}})");
    } else if (message->method() == mcp::Method::server_discover && handshake_ == Handshake::legacy) {
      say(R"({"jsonrpc":"2.0","id":)" + id + R"(,"error":{"code":-32601,"message":"Method not found"}})");
    } else if (message->method() == mcp::Method::initialize && legacy) {
      answer(id, R"({"protocolVersion":"2025-06-18","capabilities":)" + capabilities +
                     R"(,"serverInfo":{"name":"f"}})");
      initialized_ = true;
    } else if (handshake_ == Handshake::legacy_fragile && !initialized_) {
      exit({.code = 3});
    } else if (on_request && message->kind() == mcp::MessageKind::request) {
      on_request(*this, *message);
    }
  }

  base::Scheduler& scheduler_;
  Handshake handshake_;
  bool initialized_ = false;
  std::string pending_;  // of a line
  std::unique_ptr<net::Stream> in_, out_, err_;
};

class ScriptedChild final : public upstream::ChildProcess {
 public:
  explicit ScriptedChild(std::shared_ptr<FakeProgram> program) : program_(std::move(program)) {}
  ~ScriptedChild() override {
    program_->exit({.code = -1, .signal = 9});
    program_->near_in.reset();
    program_->near_out.reset();
    program_->near_err.reset();
  }
  net::Stream& input() noexcept override { return *program_->near_in; }
  net::Stream& output() noexcept override { return *program_->near_out; }
  net::Stream& errors() noexcept override { return *program_->near_err; }
  int pid() const noexcept override { return 1; }
  int program() const noexcept override { return 2; }
  base::Event& exited() noexcept override { return program_->exited; }
  upstream::ExitStatus const& exit_status() const noexcept override { return program_->status; }
  void terminate() noexcept override {
    program_->signals.push_back("TERM");
    if (!program_->immune) program_->exit({.code = -1, .signal = 15});
  }
  void kill() noexcept override {
    program_->signals.push_back("KILL");
    program_->exit({.code = -1, .signal = 9});
  }

 private:
  std::shared_ptr<FakeProgram> program_;
};

class ScriptedSpawner final : public upstream::ChildSpawner {
 public:
  explicit ScriptedSpawner(base::Scheduler& scheduler) : scheduler_(scheduler), tasks_(scheduler) {}

  Handshake handshake = Handshake::legacy;  // of the programs to come
  std::string capabilities = R"({"tools":{}})";
  std::size_t pipe_bytes = 64 * 1024;
  std::vector<std::shared_ptr<FakeProgram>> programs;
  std::function<void(FakeProgram&, mcp::Message const&)> on_request;  // of the programs to come

  base::Result<std::unique_ptr<upstream::ChildProcess>> spawn(upstream::ChildCommand const&) override {
    programs.push_back(std::make_shared<FakeProgram>(scheduler_, handshake, pipe_bytes));
    programs.back()->on_request = on_request;
    programs.back()->capabilities = capabilities;
    std::unique_ptr<upstream::ChildProcess> child = std::make_unique<ScriptedChild>(programs.back());
    tasks_.spawn(programs.back()->live());
    return base::Result<std::unique_ptr<upstream::ChildProcess>>(std::move(child));
  }
  FakeProgram& last() { return *programs.back(); }
  void read_again(FakeProgram& program) {
    program.reading = true;
    tasks_.spawn(program.live());
  }

 private:
  base::Scheduler& scheduler_;
  base::TaskGroup tasks_;  // dies before the programs that run in it
};

}  // namespace weir::test
