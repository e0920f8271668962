#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "app/gateway.hpp"

namespace weir::app {
namespace {

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int const signal : {SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGUSR2}) sigaddset(&set, signal);
  return set;
}

}  // namespace

// A thread that does not block a signal gets it, and ends the process: all that come later inherit this.
void Gateway::block_signals() {
  sigset_t const set = handled_signals();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
}

// Signals arrive as reads on the first worker, so that nothing of ours runs in a signal handler.
base::Task<void> Gateway::signal_loop() {
  sigset_t const set = handled_signals();
  int const fd = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  auto const watch = net::watch_fd(main_loop(), fd);
  if (!watch) co_return;
  for (;;) {
    co_await watch->event().wait();
    signalfd_siginfo info{};
    while (::read(fd, &info, sizeof info) == sizeof info) {
      switch (info.ssi_signo) {
        case SIGHUP:
          want_reload(true);
          if (options_.secrets != nullptr) options_.secrets->hurry();
          break;
        case SIGUSR1: break;  // log files are not ours to reopen: lines go to stderr
        case SIGUSR2: log_->event(observe::Level::info, "gateway.status", status_json()); break;
        default: begin_stop(static_cast<int>(info.ssi_signo));
      }
    }
    watch->again();
  }
}

}  // namespace weir::app
