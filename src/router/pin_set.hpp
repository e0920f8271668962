// PinSet: the pins of one owner, the gateway or one tenant, within bounds.
//
// A bounded map; no I/O, one thread. Limits: `pins` tools, and `kept_bytes` of names and definitions
// together; put() says when there is no room. Definitions over `definition_bytes`, and those beyond
// `kept_bytes`, are kept as their hash alone and cannot be shown as a difference.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace weir::router {

struct Pin {
  std::string hash;
  std::string definition;  // "": kept as the hash alone
  bool approved = false;   // by a person, not by being first
  friend bool operator==(Pin const&, Pin const&) = default;
};

struct PinLimits {
  std::size_t pins = 10'000;
  std::size_t definition_bytes = 16 * 1024;
  std::size_t kept_bytes = 4 * 1024 * 1024;
};

class PinSet {
 public:
  using Pins = std::map<std::string, Pin, std::less<>>;

  explicit PinSet(PinLimits limits) : limits_(limits) {}

  // In place of the one that is there. False: there is no room, and none is there any more.
  bool put(std::string const& tool, Pin pin);
  void forget(std::string_view tool);
  void clear();

  Pin const* find(std::string_view tool) const noexcept;
  Pins const& all() const noexcept { return pins_; }

 private:
  PinLimits limits_;
  Pins pins_;
  std::size_t kept_ = 0;  // bytes of names and definitions
};

}  // namespace weir::router
