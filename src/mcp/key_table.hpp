// KeyTable: a fixed set of names, each with a value, found with about one comparison.
//
// An open-addressed hash table built at compile time; at most half full. Constant, any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::mcp {

template <class Value>
struct NamedValue {
  std::string_view name;  // not empty
  Value value;
};

template <class Value, std::size_t N>
class KeyTable {
 public:
  consteval explicit KeyTable(std::array<NamedValue<Value>, N> const& rows) : rows_(rows) {
    places_.fill(kNone);
    for (std::size_t row = 0; row < N; ++row) {
      std::size_t place = first_place(rows_[row].name);
      while (places_[place] != kNone) place = (place + 1) % kPlaces;
      places_[place] = static_cast<std::uint8_t>(row);
    }
  }

  Value const* find(std::string_view name) const noexcept {
    if (name.empty()) return nullptr;
    for (std::size_t place = first_place(name); places_[place] != kNone; place = (place + 1) % kPlaces) {
      auto const& row = rows_[places_[place]];
      if (row.name == name) return &row.value;
    }
    return nullptr;
  }

 private:
  static constexpr std::uint8_t kNone = 255;
  static constexpr std::size_t kPlaces = N <= 8 ? 16 : N <= 16 ? 32 : N <= 32 ? 64 : 128;
  static_assert(2 * N <= kPlaces);

  static constexpr std::size_t first_place(std::string_view name) noexcept {
    auto const byte = [&](std::size_t i) {
      return static_cast<std::uint32_t>(static_cast<unsigned char>(name[i]));
    };
    std::size_t const size = name.size();
    std::uint32_t const mixed =
        byte(size / 4) | byte(size / 2) << 8 | byte(size - 1) << 16 | static_cast<std::uint32_t>(size) << 24;
    return mixed * 0x9E3779B1u >> 20 & (kPlaces - 1);
  }

  std::array<NamedValue<Value>, N> rows_;
  std::array<std::uint8_t, kPlaces> places_{};
};

template <class Value, std::size_t N>
KeyTable(std::array<NamedValue<Value>, N> const&) -> KeyTable<Value, N>;

}  // namespace weir::mcp
