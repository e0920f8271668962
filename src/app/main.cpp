// weir: the process. One executable is both the gateway with its commands and the supervisor of its children.
#include <csignal>

#include "app/command_line.hpp"
#include "app/openssl_memory.hpp"
#include "base/assert.hpp"
#include "upstream/child_supervisor.hpp"

int main(int argc, char** argv) {
  using namespace weir;
  if (argc > 1 && argv[1] == upstream::kSupervisorVerb) upstream::run_child_supervisor(argc, argv);
  [[maybe_unused]] bool const wiped = app::wipe_what_openssl_frees();
  WEIR_ASSERT(wiped);
  std::signal(SIGPIPE, SIG_IGN);
  return app::command_line(argc, argv);
}
