// `weir run --stdio`: one client on stdin and stdout; stdout carries protocol and nothing else.
//
// Blocks on the calling thread, which is the first worker's. The end of stdin is an orderly stop: what is at
// work may finish within the drain time, servers are closed, the exit code is 0.
#pragma once

#include "app/gateway.hpp"

namespace weir::app {

int run_stdio(Gateway& gateway);  // the exit code

}  // namespace weir::app
