// Questions: what servers have asked one legacy client and it has not answered yet.
//
// One per session; any thread. At most kOpenMax at a time. An answer may come in on another worker than the
// one that waits: it is handed over by a post to the home of whoever asked. Ids are ours, unique within the
// session; an answer to anything else is dropped.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/sync.hpp"
#include "mcp/message.hpp"

namespace weir::session {

class Questions {
  struct Slot {
    Slot(base::Scheduler& s, std::string token) : home(s), id(std::move(token)), settled(s) {}
    base::Scheduler& home;
    std::string const id;  // a JSON string
    base::Event settled;   // used at home only
    std::optional<mcp::Message> answer;
  };

 public:
  static constexpr std::size_t kOpenMax = 64;

  // One open question; it is taken back when this dies. Used by the thread that asked; the Questions outlive
  // it.
  class Open {
   public:
    Open(Open&& other) noexcept : owner_(other.owner_), slot_(std::move(other.slot_)) {}
    Open& operator=(Open&&) = delete;
    ~Open() {
      if (slot_) owner_->forget(*slot_);
    }
    std::string const& id() const noexcept { return slot_->id; }
    base::Event& settled() noexcept { return slot_->settled; }  // answered, or never to be
    std::optional<mcp::Message> take() { return owner_->take(*slot_); }

   private:
    friend class Questions;
    Open(Questions& owner, std::shared_ptr<Slot> slot) noexcept : owner_(&owner), slot_(std::move(slot)) {}
    Questions* owner_;
    std::shared_ptr<Slot> slot_;
  };

  std::optional<Open> ask(base::Scheduler& home);  // empty: too many, or closed
  void answer(mcp::Message response);
  void close();  // the session is over: nobody will answer

 private:
  void forget(Slot const& slot);
  std::optional<mcp::Message> take(Slot& slot);
  static void wake(std::shared_ptr<Slot> slot);

  std::mutex mutex_;
  std::vector<std::shared_ptr<Slot>> open_;
  std::uint64_t count_ = 0;
  bool closed_ = false;
};

}  // namespace weir::session
