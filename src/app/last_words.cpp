#include "app/last_words.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace weir::app {
namespace {

std::atomic<observe::Log*> dying_log{nullptr};

extern "C" void on_abort(int signal) {
  std::signal(SIGALRM, SIG_DFL);
  ::alarm(1);
  if (auto* const log = dying_log.exchange(nullptr)) log->flush_dying();
  ::alarm(0);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

LastWords::LastWords(observe::Log& log) noexcept {
  dying_log = &log;
  std::signal(SIGABRT, on_abort);
}

LastWords::~LastWords() {
  std::signal(SIGABRT, SIG_DFL);
  dying_log = nullptr;
}

}  // namespace weir::app
