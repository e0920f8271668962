// How commands say that they cannot do what they were asked, all of them alike: on stderr, with what to do
// about it, and an exit code.
//
// Functions that print; any thread.
#pragma once

#include <cstdio>
#include <string>

#include "app/gateway_client.hpp"

namespace weir::app {

// `fix`: what to do about it; "": nothing is known. Gives `code` back.
int fail(int code, std::string const& what, std::string const& fix = {});

// What a gateway wants that answers 401 or 403; `keyed`: it was shown a key.
base::Error key_wanted(std::string const& gateway, bool keyed);

// 0: the gateway at `admin` has answered this command, whatever it said.
int unheard(net::Url const& admin, base::Result<GatewayAnswer> const& answer);
// What answers there does not speak as a gateway does.
int foreign(net::Url const& admin);

// What a command ends with that has printed to `out`: `code`, if all of it has been written. Else
// kExitCannotWrite, with a sentence on stderr unless whoever read `out` has gone, as `head` does.
int written(std::FILE* out, int code);

}  // namespace weir::app
