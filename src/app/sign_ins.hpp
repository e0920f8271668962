// SignIns: at which servers somebody has signed in, and which sign-in that is, as the files in the state
// folder say.
//
// Main thread; owned by the gateway. look() compares stamps of files, which costs one stat for each server
// that needs a sign-in, and reads what has changed: a sign-in and a sign-out of `weir server` are noticed at
// the next look, and so is one that whoever uses it has found to be over. Renewed tokens change a file and
// not the sign-in. A server without a sign-in runs all the same: it says itself, in its status and to who
// calls it, what the command is that helps. Sign-ins of persons (`per: principal`) are not looked at here:
// who calls with one looks there.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "config/settings.hpp"
#include "oauth/sign_in_store.hpp"

namespace weir::app {

struct SignedIn {
  std::string id;       // of the sign-in in use; "": there is none, or none is needed
  std::string problem;  // why it cannot be used; "": it can
  // What makes the server another one when it changes.
  std::string const& state() const noexcept { return id.empty() ? problem : id; }
  bool operator==(SignedIn const&) const = default;
};

class SignIns {
 public:
  static constexpr base::Duration kPeriod = std::chrono::seconds{1};

  explicit SignIns(oauth::SignInStore const& store) noexcept : store_(store) {}

  void configure(config::Settings const& settings);
  bool look();  // true: a server's changed
  SignedIn of_server(std::string_view name) const;

 private:
  struct Kept {
    oauth::SignInUse use;
    bool per_principal = false;  // the gateway's own sign-in is for lists, and may be missing
    oauth::SignInStore::Stamp stamp;
    SignedIn now;
  };
  SignedIn read(std::string const& server, Kept const& of) const;
  oauth::SignInStore const& store_;
  std::map<std::string, Kept, std::less<>> servers_;
};

// What a sign-in at this server has to be of; nothing where it needs none.
std::optional<oauth::SignInUse> sign_in_use(config::Server const& server);

}  // namespace weir::app
