// TlsFiles: the files of one `tls` section, of a server or a listener. read_tls() makes a profile of them, or
// says what is wrong.
//
// Values. read_tls() waits for the disk and may run on any thread. A file is read whole, within
// kFileBytesMax.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/environment.hpp"
#include "config/problem.hpp"
#include "config/settings.hpp"
#include "net/tls_profile.hpp"

namespace weir::app {

struct TlsFiles {
  static constexpr std::size_t kFileBytesMax =
      4 * 1024 * 1024;  // a bundle of all the world's authorities: 200 KiB

  std::string place;  // "servers.docs", "listeners.0": the first part of Settings::tls_marks
  std::string authorities_key = "ca";
  std::string authorities;  // absolute paths; "": none
  std::string chain;
  config::KeySource key;
  bool verify = true;
  bool only_13 = false;

  bool operator==(TlsFiles const&) const = default;
};

struct TlsTrouble {
  std::string key;   // "ca"
  std::string file;  // "" for a key that a reference brought
  std::string what;  // "has expired on 2026-01-31"
  std::string fix;

  bool operator==(TlsTrouble const&) const = default;
};

struct TlsReading {
  net::TlsProfile profile;
  std::optional<TlsTrouble> trouble;  // then the profile must not be used
  std::vector<TlsTrouble> more;       // where several files cannot be read, the others
};

TlsFiles files_of(std::string const& server, config::ServerTls const& tls);
TlsFiles files_of(std::size_t listener, config::ListenerTls const& tls);

TlsReading read_tls(TlsFiles const& files, config::Environment const& environment, base::WallTime now);

// "weir.yaml:12:9: `/etc/ca.pem` has expired on 2026-01-31; put …", for the log and the status.
std::string told(TlsTrouble const& trouble, std::string const& place, config::Settings const& settings);

// All of them as problems of the configuration: of a server, confined to it.
void inspect_tls(config::Settings const& settings, config::Environment const& environment, base::WallTime now,
                 config::Problems& problems);

}  // namespace weir::app
