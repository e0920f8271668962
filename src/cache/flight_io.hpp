// Flight: one fetch on its way, and what those who wait for it need to know of it.
//
// Shared by the fetch and the calls that wait; one thread. It is the client of the copied call: what the
// server says before its answer goes to the call that began it, in order, at most kNotesMax at a time, and is
// dropped when that one has gone. A question to the client makes the fetch that one's own.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/sync.hpp"
#include "cache/cache_order.hpp"
#include "cache/kept_answer.hpp"
#include "core/owned_call.hpp"

namespace weir::cache {

class Flight final : public core::ClientSink {
 public:
  static constexpr std::size_t kNotesMax = 16;
  static constexpr base::Duration kQuestionMax = std::chrono::hours{24};  // the client's side ends it sooner

  Flight(base::Scheduler& scheduler, core::Call const& call, std::shared_ptr<CacheOrder const> its_order,
         unsigned its_attempt);

  base::Task<bool> notify(std::string notification) override;
  base::Task<base::Result<mcp::Message>> ask(std::string method, std::string params) override;

  // The beginner's side: passes on what has come, first the notifications, then the question. Whoever drops
  // the task withdraws the question.
  bool has_notes() const noexcept { return !notes_.empty(); }
  bool has_question() const noexcept { return question_ != nullptr; }
  base::Task<void> pass_notes(core::ClientSink& client);
  base::Task<void> pass_question(core::ClientSink& client);
  void abandon() noexcept;  // the beginner has gone

  core::OwnedCall copy;
  std::shared_ptr<CacheOrder const> const order;
  unsigned const attempt;
  std::uint64_t born = 0;        // what was known here to be invalidated when it began
  std::uint64_t store_born = 0;  // … in the store's own numbers
  base::TimePoint begun;
  std::size_t waiters = 0;
  bool moved_on = false;  // the server said something in the middle: its deadline has moved
  bool personal = false;  // belongs to the beginner alone
  base::Event landed;
  base::Event stirred;   // for all: it landed, or became personal
  base::Event beginner;  // for the one who began it: that, or there are news
  base::Event unwanted;  // for the fetch: nobody waits any more

  // Once it has landed: a copy that is kept, or an answer to share, or the beginner's alone, or a failure.
  KeptAnswer kept;
  Leftover leftover;  // of the store
  bool for_everybody = false;
  bool from_store = false;
  std::optional<core::Outcome> outcome;
  std::optional<std::string> shared_text;
  std::optional<base::Error> failure;

 private:
  struct Question {
    explicit Question(base::Scheduler& scheduler) : answered(scheduler) {}
    std::string method, params;
    std::optional<base::Result<mcp::Message>> response;
    base::Event answered;
  };
  base::Scheduler& scheduler_;
  bool led_ = true;
  std::deque<std::string> notes_;
  std::shared_ptr<Question> question_;  // one at a time
  base::Event room_;
};

}  // namespace weir::cache
