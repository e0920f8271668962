// Scratch: per-thread memory for one read and one parsed head, used between two suspensions only.
//
// Nothing big lives in a coroutine frame, or every idle connection would pay for it. Whoever suspends copies
// out what must survive.
#pragma once

#include <string.h>  // explicit_bzero

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "net/http_head.hpp"

namespace weir::net::internal {

struct Scratch {
  std::array<char, 128 * 1024> bytes;
  RequestHead request;
  ResponseHead response;
  std::string text;  // a head being rendered

  // What is read where nothing says yet how much belongs to one message. An answer's head is read with all
  // that came behind it: a second look costs more than the room.
  std::span<char> some() noexcept { return std::span(bytes).first<64 * 1024>(); }
};

Scratch& scratch();

// Up to here one copied piece costs the kernel less than several.
inline constexpr std::size_t kJoinedBytesMax = 4096;

// How much to hold of a body of `most` bytes when `got` have come: who announces much and sends little costs
// little.
inline std::size_t body_room(std::size_t got, std::size_t most) noexcept {
  constexpr std::size_t kLeast = 64 * 1024;
  return std::min(most, std::max(2 * got, kLeast));
}

// What came over a connection may hold credentials, also behind the end of a text that was longer once.
inline void wipe(std::string& text) noexcept {
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size());
}

// Wiped, unless it is moved away: for what may break off, or be cancelled, before it is complete.
struct WipedText {
  explicit WipedText(std::string begun = {}) noexcept : text(std::move(begun)) {}
  WipedText(WipedText const&) = delete;
  WipedText& operator=(WipedText const&) = delete;
  ~WipedText() { wipe(text); }
  std::string text;
};

// Appends, and wipes what the text outgrows: growing by itself would free it as it is.
inline void append_wiping(std::string& text, std::string_view more) {
  if (text.capacity() - text.size() < more.size()) {
    std::string larger;
    larger.reserve(std::max(2 * text.size(), text.size() + more.size()));
    larger.append(text);
    wipe(text);
    text.swap(larger);
  }
  text.append(more);
}

// Assigning an empty string would keep the memory.
inline void give_back(std::string& text) noexcept {
  wipe(text);
  std::string().swap(text);
}

}  // namespace weir::net::internal
