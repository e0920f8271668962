// RedisMarks: invalidations that nodes share through Redis, and whether this node has heard them all.
//
// Redis numbers them within an epoch (redis_scripts.cpp). We hold when we have heard every one up to a number
// without a gap; an answer is judged only if Redis, as it gave the answer, had no later number and the same
// epoch. So neither a lost message nor a lost connection nor FLUSHALL makes anything pass for current.
// Our own take effect at once and wait here for their numbers, for as long as Redis cannot be reached; above
// kPendingMax they become one mark on everything. Functions under "home" are for the home thread only; the
// others for any. A selection travels sealed; one that does not open counts as a mark on everything.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/mark_book.hpp"
#include "store/record.hpp"
#include "store/resp.hpp"

namespace weir::store {

class RedisMarks {
 public:
  static constexpr std::size_t kPendingMax = 256;
  static constexpr std::size_t kEarlyMax = 4096;  // messages while the marks are being loaded
  static constexpr std::uint64_t kNumberMax = std::uint64_t{1} << 53U;  // what Lua counts exactly

  explicit RedisMarks(RecordSealer const& sealer, std::string node)
      : sealer_(sealer), node_(std::move(node)) {}

  MarkBook const& book() const noexcept { return book_; }
  void invalidate(Selection what, bool gone);  // in effect when it returns; next() has it
  bool idle() const;                           // none waits for its number

  struct Pending {
    std::uint64_t ticket = 0;
    Selection what;
    bool gone = false;
  };
  std::optional<Pending> next() const;                        // the oldest that has no number yet
  bool settle(std::uint64_t ticket, RespValue const& reply);  // of invalidate_script(); false: not understood
  std::string const& node() const noexcept { return node_; }

  std::string seal(Selection const& what) const;
  std::uint64_t unreadable() const noexcept { return unreadable_.load(std::memory_order_relaxed); }

  // Home.
  struct News {
    enum class What { nothing, mark, out_of_step } what = What::nothing;
    Selection selection;
    bool gone = false;
  };
  void begin();                                   // subscribed; the marks will be loaded
  bool load(RespValue const& reply);              // of marks_script(); false: begin again
  News hear(std::string_view message);            // out_of_step: begin again
  void lose() noexcept { state_ = State::deaf; }  // the subscription is gone
  bool hearing() const noexcept { return state_ == State::hearing; }
  // `now`: what stands at the key "now", "" if nothing. in_step: judge() of the book may be trusted.
  bool in_step(std::string_view now) const;
  bool same_epoch(std::string_view now) const;

 private:
  enum class State { deaf, loading, hearing };
  struct Early {
    std::string epoch;
    std::uint64_t before, number;
  };
  Selection open(std::string_view sealed);
  bool put(std::string_view field);
  bool follow(Early const& step);

  RecordSealer const& sealer_;
  std::string const node_;
  MarkBook book_;
  std::atomic<std::uint64_t> unreadable_{0};

  mutable std::mutex lock_;
  std::deque<Pending> pending_;

  State state_ = State::deaf;
  std::string epoch_;
  std::uint64_t heard_ = 0;
  std::vector<Early> early_;
};

}  // namespace weir::store
