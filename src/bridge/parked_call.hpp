// ParkedCall: one call of a modern client at a legacy server, and what that server asks in the middle of it.
//
// It owns a copy of the call, because it outlives the request that began it, and the task that works on it.
// As the call's ClientSink it takes the server's questions instead of asking: each waits here for the answer
// that a retry brings. The clock of the call stands still meanwhile. Notifications reach the client during
// the first leg only. One worker thread. Limit: questions_max open at a time.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "base/sync.hpp"
#include "core/call.hpp"

namespace weir::bridge {

class ParkedCall final : public core::ClientSink {
 public:
  static constexpr std::size_t kQuestionsMax = 32;

  // Copies what the inner layers need of `call`.
  ParkedCall(base::Scheduler& scheduler, std::shared_ptr<core::Handler> inner, core::Call const& call,
             base::Duration answer_max);

  base::Task<bool> notify(std::string notification) override;
  base::Task<base::Result<mcp::Message>> ask(std::string method, std::string params) override;

  // Set when the server has asked something, or when nobody wants the answer any more.
  base::Event& stirred() noexcept { return stirred_; }
  bool asks() const noexcept { return !questions_.empty(); }
  std::string input_requests() const;  // JSON object: what is open
  // Gives the answers to the questions that they name; the others stay open. `responses`: JSON object or "".
  void answer(std::string_view responses);

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

  base::Scheduler& scheduler_;
  base::Duration answer_max_;
  core::Principal principal_;
  std::string endpoint_;
  std::shared_ptr<core::Handler> inner_;  // outlives a reload that removes the server
  std::list<Question> questions_;
  unsigned asked_ = 0;
  base::Event stirred_;

 public:
  core::Call call;
  core::ClientSink* client = nullptr;  // of the leg that can hear notifications
  bool abandoned = false;
  std::uint64_t request_hash = 0;                // what its retries must repeat
  std::function<void()> lapsed;                  // called when an answer did not come in time
  base::Task<base::Result<core::Outcome>> work;  // dies first: it uses the rest
};

}  // namespace weir::bridge
