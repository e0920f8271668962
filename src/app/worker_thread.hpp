// WorkerThread: the kernel's side of one worker: its loop, dialer and spawner, and the thread that runs the
// loop.
//
// Owned by the gateway. The first worker's loop runs on the main thread; the others' threads are begun by
// start(), once all is built, and ended by stop(). Signals are blocked before, so that they reach the main
// loop only.
#pragma once

#include <thread>

#include "net/dialer.hpp"
#include "upstream/child_process_io.hpp"

namespace weir::app {

class WorkerThread {
 public:
  WorkerThread(base::Clock const& clock, net::TlsContext const* tls)
      : loop(clock), dialer(loop, tls), spawner(loop) {}
  ~WorkerThread() { stop(); }
  WorkerThread(WorkerThread const&) = delete;
  WorkerThread& operator=(WorkerThread const&) = delete;

  void start() {
    thread_ = std::thread([this] { loop.run(); });
  }
  void stop() {  // waits for the thread
    if (!thread_.joinable()) return;
    loop.post([this] { loop.stop(); });
    thread_.join();
  }

  net::IoLoop loop;
  net::NetDialer dialer;
  upstream::ProcessSpawner spawner;

 private:
  std::thread thread_;
};

}  // namespace weir::app
