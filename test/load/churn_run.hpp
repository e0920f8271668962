// ChurnRun: many short-lived legacy clients through a weir whose sessions are capped, and what is left of
// them.
//
// Issue points "100,000 sessions through a cap of 1000" and "no descriptor is left" (R-022, R-025, R-033,
// R-037, F-20). Of four clients one says goodbye (DELETE), two vanish and one keeps an event stream open
// until its session is evicted. The upstream server is a legacy one that counts its sessions. Then
// connections come and go in every state. Everything but weir runs on one loop in this process. Bounds:
// kAtOnce clients at work, as many streams as weir has sessions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "load_report.hpp"
#include "net/dialer.hpp"
#include "net/listener.hpp"
#include "support/fake_client.hpp"
#include "support/fake_server.hpp"
#include "weir_process.hpp"

namespace weir::load {

struct ChurnOptions {
  std::string weir;  // the program to start
  std::uint64_t sessions = 10'000;
  std::uint64_t cycles = 10'000;  // of connecting and disconnecting
  std::uint64_t seed = 1;
  std::uint64_t seconds_max = 300;
  unsigned workers = 0;  // threads of weir; 0: as many as it likes
};

class ChurnRun {
 public:
  explicit ChurnRun(ChurnOptions options);
  Report run();

 private:
  static constexpr std::size_t kAtOnce = 32;
  static constexpr std::size_t kCap = 1000;
  struct Sample {  // what weir and its server say of themselves at one moment
    double sessions = 0, upstream = 0, evicted = 0, streams = 0;
    std::size_t at_server = 0, memory_kib = 0;
  };

  bool prepare();
  base::Task<void> accept();
  base::Task<void> play();
  base::Task<bool> wait_until_ready();
  base::Task<void> churn();
  base::Task<void> one_client(std::uint64_t number);
  base::Task<void> work();
  base::Task<void> keep_stream(std::string session);
  base::Task<void> watch();
  base::Task<void> check_sessions();
  base::Task<void> check_cycles();
  base::Task<void> disconnect_often();
  bool touch(std::uint64_t number) const;
  base::Task<std::size_t> own_descriptors();  // of weir, but for those to the server, which knows them
  base::Task<void> stop_weir();
  base::Task<void> watch_the_clock();
  base::Task<Sample> sample();
  base::Task<test::FakeClient::Replied> scrape();
  void check_memory();
  base::Task<std::unique_ptr<net::Stream>> connect(std::uint16_t port);

  ChurnOptions options_;
  base::SystemClock clock_;
  net::IoLoop loop_{clock_};
  net::NetDialer dialer_{loop_, nullptr};
  base::SeededRandom dice_;
  test::FakeServer server_{loop_, "s", test::FakeServer::Speaks::legacy};
  std::unique_ptr<net::Listener> listener_;
  WeirProcess weir_;
  Report report_;
  std::string session_;  // of a client that lives through the cycles
  std::uint64_t begun_ = 0, opened_ = 0, refused_ = 0;
  std::uint64_t streams_ = 0, told_ = 0, untold_ = 0, gone_404_ = 0;
  std::string first_untold_;
  std::size_t descriptors_ = 0;  // of weir before the first client, but for those to the server
  std::uint64_t untouched_ = 0;
  std::size_t sessions_most_ = 0, at_server_most_ = 0;
  std::vector<std::size_t> memory_kib_;  // at each twentieth of the run
  bool weir_ended_ = false;
  base::TaskGroup server_tasks_{loop_};
  base::TaskGroup streams_open_{loop_};
  base::TaskGroup clients_{loop_};
  base::TaskGroup watching_{loop_};
  base::TaskGroup main_{loop_};
};

}  // namespace weir::load
