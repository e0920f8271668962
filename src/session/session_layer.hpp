// SessionLayer: gives legacy calls the session they belong to. Modern calls pass through untouched.
//
// One per worker, over the process' SessionTable. `initialize` opens a session once the inner handler has
// answered; every other legacy request needs one that is known, live and of the same principal, holds it
// while it runs and refreshes it before and after (F-18). notifications/cancelled ends the run it names
// (P088: never initialize). Errors: not_found (unknown, expired or foreign session: all alike), busy,
// cancelled.
#pragma once

#include <memory>

#include "core/call.hpp"
#include "session/session_table.hpp"

namespace weir::session {

class SessionLayer final : public core::Handler {
 public:
  SessionLayer(std::unique_ptr<core::Handler> inner, base::Scheduler& scheduler, SessionTable& sessions)
      : inner_(std::move(inner)), scheduler_(scheduler), sessions_(sessions) {}

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

  // A legacy notification, or the client's answer to a question. False: no such session.
  bool note(core::Call& call);

 private:
  SessionTable::Table::Pin session_of(core::Call const& call);
  base::Task<base::Result<core::Outcome>> initialize(core::Call& call);
  base::Result<core::Outcome> greet(core::Call& call, core::ClientSession client, core::Outcome outcome);
  base::Task<base::Result<core::Outcome>> handle_legacy(core::Call& call);
  base::Task<base::Result<core::Outcome>> within(core::Call& call, SessionTable::Table::Pin pin);
  std::unique_ptr<core::Handler> inner_;
  base::Scheduler& scheduler_;
  SessionTable& sessions_;
};

}  // namespace weir::session
