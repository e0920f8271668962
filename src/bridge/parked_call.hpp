// ParkedCall: one call of a modern client at a legacy server, and what that server asks in the middle of it.
//
// It owns a copy of the call, because it outlives the request that began it, and the task that works on it.
// As the call's ClientSink it takes the server's questions instead of asking: each waits here for the answer
// that a retry brings. The clock of the call stands still meanwhile. Notifications wait for the leg that is
// listening, kNotesMax of them, then the server's side waits; between two legs they are dropped. One worker
// thread. Limit: kQuestionsMax open at a time.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "base/sync.hpp"
#include "base/task_group.hpp"
#include "core/owned_call.hpp"

namespace weir::bridge {

class ParkedCall final : public core::ClientSink {
 public:
  static constexpr std::size_t kQuestionsMax = 32;
  static constexpr std::size_t kNotesMax = 16;

  // Copies what the inner layers need of `call`. `server`: its name.
  ParkedCall(base::Scheduler& scheduler, std::shared_ptr<core::Handler> inner, core::Call const& call,
             std::string_view server, base::Duration answer_max);

  base::Task<bool> notify(std::string notification) override;
  base::Task<base::Result<mcp::Message>> ask(std::string method, std::string params) override;

  // Set when there is something for the leg to do: a notification, a question.
  base::Event& stirred() noexcept { return stirred_; }
  bool asks() const noexcept;  // something, and has no answer yet
  // Whether a leg takes notifications with next_note().
  void listen(bool on);
  std::optional<std::string> next_note();
  std::string input_requests() const;  // JSON object: what is open
  std::string const& binding();        // what its requestState is for
  std::string const& server() const noexcept { return server_; }
  base::Duration answer_max() const noexcept { return answer_max_; }
  // Gives the answers to the questions that they name; the others stay open. `responses`: JSON object or "".
  void answer(std::string_view responses);
  // Calls `lapsed` at `due`, also if nothing is asked any more by then: the server may have ended the call.
  void keep_until(base::TimePoint due);

 private:
  struct Question {
    Question(base::Scheduler& scheduler, std::string its_key)
        : key(std::move(its_key)), answered(scheduler) {}
    std::string key;
    std::string method;
    std::string params;
    std::string result;
    base::Event answered;
  };
  class Place;
  base::Task<void> lapse_at(base::TimePoint due);

  base::Scheduler& scheduler_;
  base::Duration answer_max_;
  core::OwnedCall copy_;
  std::string server_;
  std::string binding_;                   // "" until somebody asks for it
  std::shared_ptr<core::Handler> inner_;  // outlives a reload that removes the server
  std::list<Question> questions_;
  unsigned asked_ = 0;
  base::Event stirred_;
  std::deque<std::string> notes_;
  bool listening_ = false;
  base::Event room_;  // for notes, or nobody listens

 public:
  core::Call& call;
  std::function<void()> lapsed;                  // called when an answer did not come in time
  base::TaskGroup lease;                         // of keep_until()
  base::Task<base::Result<core::Outcome>> work;  // dies first: it uses the rest
};

}  // namespace weir::bridge
