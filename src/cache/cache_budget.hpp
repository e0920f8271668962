// CacheBudget: what all shards of a cache share: bytes, entries, and the entries of each server.
//
// One per cache; any thread, no lock. What is taken is never more than the cap at that moment, for any number
// of threads; a cap that was lowered refuses until enough has been given back.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace weir::cache {

enum class ServerSlot : std::uint16_t {};  // a server, as a small number

class CacheBudget {
 public:
  static constexpr std::size_t kServersMax = 4096;
  static constexpr std::uint32_t kNoCap = std::numeric_limits<std::uint32_t>::max();

  CacheBudget() noexcept {
    for (Share& share : servers_) share.most.store(kNoCap, std::memory_order_relaxed);
  }

  bool take_bytes(std::uint64_t n) noexcept {
    auto held = bytes_.load(std::memory_order_relaxed);
    do {
      auto const most = bytes_max_.load(std::memory_order_relaxed);
      if (n > most || held > most - n) return false;
    } while (!bytes_.compare_exchange_weak(held, held + n, std::memory_order_relaxed));
    return true;
  }
  void give_bytes(std::uint64_t n) noexcept { bytes_.fetch_sub(n, std::memory_order_relaxed); }
  std::uint64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t bytes_max() const noexcept { return bytes_max_.load(std::memory_order_relaxed); }
  void set_bytes_max(std::uint64_t most) noexcept { bytes_max_.store(most, std::memory_order_relaxed); }

  bool take_server(ServerSlot slot) noexcept {
    Share& share = servers_[index(slot)];
    auto held = share.held.load(std::memory_order_relaxed);
    do {
      if (held >= share.most.load(std::memory_order_relaxed)) return false;
    } while (!share.held.compare_exchange_weak(held, held + 1, std::memory_order_relaxed));
    return true;
  }
  void give_server(ServerSlot slot) noexcept {
    servers_[index(slot)].held.fetch_sub(1, std::memory_order_relaxed);
  }
  std::size_t held_by(ServerSlot slot) const noexcept {
    return servers_[index(slot)].held.load(std::memory_order_relaxed);
  }
  std::size_t server_max(ServerSlot slot) const noexcept {
    return servers_[index(slot)].most.load(std::memory_order_relaxed);
  }
  void set_server_max(ServerSlot slot, std::uint32_t most) noexcept {
    servers_[index(slot)].most.store(most, std::memory_order_relaxed);
  }

  // Shards see to the cap on entries: each has its share of it.
  void entry_came() noexcept { entries_.fetch_add(1, std::memory_order_relaxed); }
  void entry_left() noexcept { entries_.fetch_sub(1, std::memory_order_relaxed); }
  std::size_t entries() const noexcept { return entries_.load(std::memory_order_relaxed); }

 private:
  struct Share {
    std::atomic<std::uint32_t> held{0};
    std::atomic<std::uint32_t> most{0};
  };
  static std::size_t index(ServerSlot slot) noexcept { return static_cast<std::size_t>(slot) % kServersMax; }

  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> bytes_max_{0};
  std::atomic<std::size_t> entries_{0};
  std::array<Share, kServersMax> servers_;
};

}  // namespace weir::cache
