// WeirProcess: a weir started for this run, with a configuration of its own, and ended by its pid.
//
// The configuration and the log lie in a folder that is removed at the end, unless something failed.
// Destroying it kills the process if it is still there.
#pragma once

#include <cstdint>
#include <string>

namespace weir::load {

class WeirProcess {
 public:
  bool make_folder();  // first
  // "" on success, or why it could not be started.
  std::string start(std::string const& program, std::string const& servers_yaml);
  ~WeirProcess();

  int pid() const noexcept { return pid_; }
  std::uint16_t port() const noexcept { return port_; }
  std::uint16_t admin_port() const noexcept { return admin_port_; }
  std::string log_tail() const;  // its last lines, for people
  std::string const& folder() const noexcept { return folder_; }

  void terminate() const;  // SIGTERM
  // True once it has ended; exit code, or -signal, in `code`.
  bool ended(int& code);

 private:
  std::string folder_;
  int pid_ = 0;
  std::uint16_t port_ = 0, admin_port_ = 0;
};

}  // namespace weir::load
