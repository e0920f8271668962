// HopCall: one call on its way to the worker where its server lives, and what comes back for it.
//
// Made by HopBackend on the caller's worker with copies of everything the home needs, so that neither thread
// reads what the other owns. At home it is the call's client: notifications and questions go back in their
// order, before the answer, at most kNotesMax of them or kNoteBytesMax bytes (one may be larger) on their way
// at a time; then the server's side waits. Dropping the caller's task cancels the work at home; dropping a
// question withdraws it from the client.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "base/errand.hpp"
#include "core/owned_call.hpp"
#include "upstream/server_home.hpp"

namespace weir::upstream {

class HopCall final : public base::Errand<core::Outcome>, private core::ClientSink {
 public:
  static constexpr std::size_t kNotesMax = 16;
  static constexpr std::size_t kNoteBytesMax = 256 * 1024;
  static constexpr base::Duration kQuestionMax = std::chrono::hours{24};  // the client's side ends it sooner

  HopCall(base::Scheduler& here, std::shared_ptr<ServerHome> home, core::Call const& call);

  // Here: serves `call`, of which this is a copy, until its answer has come.
  static base::Task<base::Result<core::Outcome>> serve(std::shared_ptr<HopCall> hop, core::Call& call);

 private:
  struct Question;
  class Asked;
  struct Note {  // one that comes back; with a question, `text` is what it is called
    std::string text;
    std::shared_ptr<Question> question;
  };

  // There.
  base::Task<base::Result<core::Outcome>> perform() override;
  base::Task<bool> notify(std::string notification) override;
  base::Task<base::Result<mcp::Message>> ask(std::string method, std::string params) override;
  base::Task<bool> send_back(std::string text, std::shared_ptr<Question> question);

  // Here.
  base::Task<void> put(core::ClientSink& client, std::string method, std::shared_ptr<Question> question);
  void taken(std::size_t bytes, bool listening);

  std::shared_ptr<HopCall> self() { return std::static_pointer_cast<HopCall>(shared_from_this()); }

  std::shared_ptr<ServerHome> const home_;
  core::OwnedCall copy_;        // there
  std::size_t notes_away_ = 0;  // there: sent and not yet taken
  std::size_t bytes_away_ = 0;  // there
  bool listening_ = true;       // there
  base::Event room_;            // there
  std::deque<Note> come_;       // here: at most what notes_away_ allows
};

}  // namespace weir::upstream
