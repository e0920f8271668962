// Whom `weir server login --for` means: from the words of policies to the id of the Principal that the caller
// will have.
//
// Pure. Errors: invalid_input, nobody can be meant by it, with what to say instead.
#pragma once

#include <string>

#include "base/result.hpp"
#include "config/settings.hpp"

namespace weir::app {

struct Whom {
  std::string who;     // "key:NAME", "sub:SUBJECT", "cert:SUBJECT"; "": the gateway itself
  std::string issuer;  // of the subject; "": there is only one
  std::string tenant;
  std::string words() const;  // as on the command line, with a space before it; "" for the gateway
};

base::Result<std::string> id_of(Whom const& whom, config::Settings const& settings);

}  // namespace weir::app
