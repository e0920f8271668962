// RedisClient: one connection to Redis, made again whenever it is lost; commands go out in a pipeline.
//
// The home thread's. Replies belong to commands in their order and to nothing else: one that nobody asked
// for, or that is not the protocol, ends the connection, and everything that was asked fails. A question
// whose time is over keeps its place in the line until its reply has come. Limits: kPendingMax commands and
// kBytesMax bytes waiting to be sent; above them a command fails at once (busy). Errors: connection_lost,
// timed_out, busy, unavailable (no connection). What Redis answers as an error is a reply.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "net/dialer.hpp"
#include "store/resp.hpp"

namespace weir::store {

class RedisClient;

// Hears of a client. Must not end the client within a call.
class RedisParty {
 public:
  virtual ~RedisParty() = default;
  // The first words on a new connection: who we are. An error ends it; its detail is for the operator.
  virtual base::Task<base::Result<void>> greet(RedisClient& client) = 0;
  virtual void connected(RedisClient& client) = 0;
  virtual void answered(RedisClient& client) = 0;                      // in time or not
  virtual void late(RedisClient& client) = 0;                          // a question's time was over first
  virtual void lost(RedisClient& client, std::string const& why) = 0;  // or could not be made
  virtual void heard(RedisClient& client, std::string message) = 0;    // on the subscribed channel
};

class RedisClient {
 public:
  static constexpr std::size_t kPendingMax = 4096;
  static constexpr std::size_t kBytesMax = 32U << 20U;
  static constexpr base::Duration kPauseFirst = std::chrono::milliseconds{100};
  static constexpr base::Duration kPauseLast = std::chrono::seconds{10};

  struct Options {
    net::Endpoint to;
    base::Duration connect;
    base::Duration stall;
    bool subscriber = false;  // messages may come that nobody asked for
  };
  class Question {  // one command's place in the line
   public:
    explicit Question(base::Scheduler& loop) : done(loop) {}
    base::Event done;
    std::optional<base::Result<RespValue>> reply;
    base::TimePoint asked{};
  };
  using Asked = std::shared_ptr<Question>;

  RedisClient(base::Scheduler& loop, net::Dialer& dialer, base::Random& random, Options options,
              RedisParty& party);

  base::Task<void> run();      // until it is cancelled
  void drop(std::string why);  // ends the connection soon; another one follows

  bool ready() const noexcept { return ready_; }  // connected, and greeted
  std::size_t pending() const noexcept { return line_.size(); }

  Asked send(std::string command);
  base::Task<base::Result<RespValue>> wait(Asked asked, base::TimePoint deadline);
  base::Task<base::Result<RespValue>> ask(std::string command, base::TimePoint deadline) {
    return wait(send(std::move(command)), deadline);
  }

 private:
  struct Connected;
  base::Task<std::string> live(std::unique_ptr<net::Stream> stream);
  base::Task<std::string> serve(net::Stream& stream);
  base::Task<void> greet();
  bool read_some(net::Stream& stream, RespReader& reader, std::string& buffer);
  bool write_some(net::Stream& stream);
  bool take(RespValue reply);
  base::TimePoint stalled_at() const noexcept;

  base::Scheduler& loop_;
  net::Dialer& dialer_;
  base::Random& random_;
  Options const options_;
  RedisParty& party_;
  bool connected_ = false;
  bool ready_ = false;
  std::string broken_;  // why the connection must end
  base::Event wake_;
  std::deque<Asked> line_;       // sent or to be sent, oldest first
  std::deque<std::string> out_;  // not sent yet
  std::size_t out_at_ = 0;       // in the first of them
  std::size_t out_bytes_ = 0;
};

}  // namespace weir::store
