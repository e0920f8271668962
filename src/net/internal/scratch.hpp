// Scratch: per-thread memory for one read and one parsed head, used between two suspensions only.
//
// Nothing big lives in a coroutine frame, or every idle connection would pay for it. Whoever suspends copies
// out what must survive.
#pragma once

#include <array>
#include <string>

#include "net/http_head.hpp"

namespace weir::net::internal {

struct Scratch {
  std::array<char, 64 * 1024> bytes;
  RequestHead request;
  ResponseHead response;
  std::string text;  // a head being rendered
};

Scratch& scratch();

// Assigning an empty string would keep the memory.
inline void give_back(std::string& text) noexcept { std::string().swap(text); }

}  // namespace weir::net::internal
