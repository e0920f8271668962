// `weir run --stdio`: one client on stdin and stdout; stdout carries protocol and nothing else.
#pragma once

#include "app/gateway.hpp"

namespace weir::app {

int run_stdio(Gateway& gateway);  // the exit code

}  // namespace weir::app
