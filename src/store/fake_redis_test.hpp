// FakeRedis: the far end of in-memory connections, whose every reply a test decides. Virtual time.
//
// answer() is given a command and returns the bytes to send, "" for silence. By default it does what an empty
// Redis does, with one mark-less epoch "e 100". One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/virtual_loop.hpp"
#include "net/dialer.hpp"
#include "net/pipe.hpp"
#include "store/resp.hpp"

namespace weir::store {

class FakeRedis final : public net::Dialer {
 public:
  using Words = std::vector<std::string>;
  struct Peer {
    std::unique_ptr<net::Stream> stream;
    std::unique_ptr<RespReader> reader = std::make_unique<RespReader>();
    bool subscribed = false;
  };

  explicit FakeRedis(base::VirtualLoop& l) : loop(l) {}

  base::Task<base::Result<std::unique_ptr<net::Stream>>> dial(net::Endpoint const&,
                                                              base::TimePoint) override {
    ++dialed;
    if (down) co_return base::Error(base::Fault::connect_failed, base::Blame::upstream, "refused");
    auto [near, far] = net::make_pipe(loop);
    peers.push_back({std::move(far)});
    co_return std::move(near);
  }

  static std::string bulk(std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
  }
  std::string usual(Words const& words) {
    if (words[0] == "SUBSCRIBE") return "*3\r\n" + bulk("subscribe") + bulk(words[1]) + ":1\r\n";
    if (words[0] == "PING") return "+PONG\r\n";
    if (words[0] == "INFO") return bulk("# Memory\r\nmaxmemory:0\r\n");
    if (words[0] == "MGET") {
      auto const value = values.find(words[1]);
      return "*2\r\n" + (value == values.end() ? "$-1\r\n" : bulk(value->second)) + bulk(now);
    }
    if (words[0] == "EVALSHA" && words[2] == "6") {  // put
      values[words[7]] = words[11];
      return "*5\r\n:1\r\n:1\r\n:1\r\n:0\r\n:0\r\n";
    }
    if (words[0] == "EVALSHA" && words[2] == "4") return "*5\r\n:0\r\n:1\r\n:1\r\n:0\r\n:0\r\n";
    if (words[0] == "EVALSHA" && words.size() == 13) return "*2\r\n" + bulk("e") + bulk("101");
    if (words[0] == "EVALSHA") return "*3\r\n" + bulk("e") + bulk("100") + "*0\r\n";
    return "+OK\r\n";
  }

  // Until nothing moves.
  void pump() {
    for (bool moved = true; moved;) {
      loop.run();
      moved = false;
      for (auto& peer : peers) moved = serve(peer) || moved;
    }
  }
  void advance(base::Duration by, base::Duration step = std::chrono::milliseconds{1}) {
    for (auto const end = loop.now() + by; loop.now() < end;) {
      loop.advance(step);
      pump();
    }
  }
  void send(Peer& peer, std::string bytes) {
    iovec const part{bytes.data(), bytes.size()};
    peer.stream->write({&part, 1});
  }
  void publish(std::string const& text) {
    for (auto& peer : peers) {
      if (peer.subscribed) send(peer, "*3\r\n" + bulk("message") + bulk("mcp::news") + bulk(text));
    }
    pump();
  }
  void hang_up() {
    peers.clear();
    pump();
  }

  base::VirtualLoop& loop;
  std::vector<Peer> peers;
  std::map<std::string, std::string> values;
  std::string now = "e 100";
  std::vector<Words> seen;
  bool down = false;
  int dialed = 0;
  std::function<std::string(Words const&)> answer = [this](Words const& words) { return usual(words); };

 private:
  bool serve(Peer& peer) {
    std::string buffer(65536, '\0');
    auto const got = peer.stream->read(buffer);
    if (got.state != net::IoState::moved) return false;
    peer.reader->feed(std::string_view(buffer).substr(0, got.bytes));
    RespValue command;
    while (peer.reader->next(command) == RespReader::Step::reply) {
      Words words;
      for (auto& item : command.items) words.push_back(item.text);
      if (words[0] == "SUBSCRIBE") peer.subscribed = true;
      if (auto reply = answer(words); !reply.empty()) send(peer, std::move(reply));
      seen.push_back(std::move(words));
    }
    return true;
  }
};

}  // namespace weir::store
