#include <fmt/format.h>

#include "base/run_until.hpp"
#include "core/resource_notes.hpp"
#include "upstream/http_backend.hpp"
#include "upstream/own_request.hpp"
#include "upstream/server_question.hpp"

// The answers of HttpBackend: a JSON body or an event stream, turned into the one outcome of a call.
namespace weir::upstream {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using core::Outcome;
using mcp::Field;
using mcp::MessageKind;

namespace {

constexpr base::Duration kStreamEndMax = std::chrono::seconds{1};
constexpr std::size_t kFinishingMax = 64;
constexpr std::size_t kQuestionsMax = 16;  // of one call at a time

bool is_id(std::string_view token, std::uint64_t id) {
  fmt::format_int const text(id);
  return token == std::string_view(text.data(), text.size());
}

}  // namespace

base::Task<void> HttpBackend::ask_client(core::Call& call, mcp::Message request, std::string session) {
  auto reply = co_await answer_of_client(call, std::move(request));
  auto place = co_await replies_.acquire();
  background_.spawn(send_reply(std::move(session), std::move(reply), std::move(place)));
}

// What belongs to no call cannot be asked of anybody; the server is not to wait for it. One that asks faster
// than it takes replies does.
void HttpBackend::answer_server(mcp::Message const& request, std::string session) {
  if (!legacy_) return;
  if (auto place = replies_.try_acquire()) {
    background_.spawn(send_reply(std::move(session), reply_to_server(request), std::move(*place)));
  }
}

base::Task<void> HttpBackend::send_reply(std::string session, std::string reply,
                                         base::Semaphore::Permit place) {
  auto const here = std::move(place);  // as long as it takes
  co_await tell(std::move(session), std::move(reply));
}

Result<Outcome> HttpBackend::take_answer(core::Call const& call, Dialect const& dialect, mcp::Message message,
                                         std::uint64_t id) const {
  if (!answers(message, id)) {
    return about(Error(Fault::protocol, Blame::upstream, "the answer is to another request"));
  }
  return dialect.answer(call, std::move(message));
}

base::Task<Result<Outcome>> HttpBackend::read_answer(core::Call& call, Dialect const& dialect,
                                                     net::HttpReply& reply, std::uint64_t id) {
  bool const events = reply.event_stream() && reply.head.status == 200;
  return events ? read_events(call, dialect, reply, id) : read_json(call, dialect, reply, id);
}

base::Task<Result<Outcome>> HttpBackend::read_json(core::Call& call, Dialect const& dialect,
                                                   net::HttpReply& reply, std::uint64_t id) {
  bool const json = reply.head.content_type == "application/json";
  int const status = reply.head.status;
  if (!json && status == 200) {
    co_return about(Error(Fault::protocol, Blame::upstream,
                          "the answer is neither JSON nor an event stream: " + reply.head.content_type));
  }
  if (!json || status == 401 || status == 403) co_return refused(reply.head);
  auto body = reply.body_now();
  if (!body) {
    auto late = co_await reply.body();
    if (!late) co_return about(late.error());
    body = std::move(*late);
  }
  auto message = mcp::decode(std::move(*body), options_.limits);
  if (!message) {
    if (status != 200) co_return refused(reply.head);
    co_return about(
        Error(Fault::protocol, Blame::upstream, "the answer is not a message: " + message.error().sentence));
  }
  auto answer = take_answer(call, dialect, std::move(*message), id);
  bool const ours = !answer && answer.error().retry == base::Retry::always;
  if (!answer && status != 200 && answer.error().fault == Fault::protocol && !ours)
    co_return refused(reply.head);
  co_return answer;
}

std::optional<std::string> HttpBackend::shown_note(core::Call& call, mcp::Message const& note,
                                                   NoteRelay& relay, std::uint64_t id) {
  if (note.method() == mcp::Method::notifications_progress && is_id(note.raw(Field::progress_token), id)) {
    call.progressed(scheduler_.now());
    return relay.progress(note);
  }
  if (note.method() == mcp::Method::notifications_message) return relay.log(note);
  noticed(note);
  return std::nullopt;
}

HttpBackend::EventStep HttpBackend::next_step(core::Call& call, Dialect const& dialect, net::HttpReply& reply,
                                              NoteRelay& relay, std::uint64_t id) {
  EventStep step;
  while (auto event = reply.event_now()) {
    if (!*event) {
      step.answer = about(event->error());
    } else if (!**event) {
      step.answer =
          about(Error(Fault::connection_lost, Blame::upstream, "the event stream ended without an answer"));
    } else if ((**event)->type != kMessageEvent) {
      continue;
    } else if (auto message = mcp::decode(std::move((**event)->data), options_.limits); !message) {
      step.answer = about(
          Error(Fault::protocol, Blame::upstream, "an event is not a message: " + message.error().sentence));
    } else if (message->kind() == MessageKind::notification) {
      step.note = shown_note(call, *message, relay, id);
    } else if (message->kind() == MessageKind::request) {
      if (!mcp::is_modern(dialect.revision())) step.question = std::move(*message);  // P055
    } else if (answers(*message, id)) {
      step.answer = take_answer(call, dialect, std::move(*message), id);
      if (background_.size() < kFinishingMax) background_.spawn(finish_stream(std::move(reply)));
    }
    if (step.note || step.question || step.answer) break;
  }
  return step;
}

// Event by event: the next one is read when the client has taken this one. While it waits, only the stream
// and what the relay knows live in the frame.
base::Task<Result<Outcome>> HttpBackend::read_events(core::Call& call, Dialect const& dialect,
                                                     net::HttpReply& reply, std::uint64_t id) {
  NoteRelay relay(call);
  std::unique_ptr<base::TaskGroup> questions;  // of the server to this call's client
  StreamPlace place;
  for (;;) {
    EventStep step = next_step(call, dialect, reply, relay, id);
    if (step.answer && !*step.answer && step.answer->error().fault == Fault::connection_lost) {
      bool const goes_on = co_await resume(call, dialect, reply, place);
      if (goes_on) continue;
    }
    if (step.answer) co_return std::move(*step.answer);
    if (step.note) {
      co_await call.client->notify(std::move(*step.note));
    } else if (step.question) {
      if (!questions) questions = std::make_unique<base::TaskGroup>(scheduler_);
      if (questions->size() < kQuestionsMax) {
        questions->spawn(ask_client(call, std::move(*step.question), session_of(call)));
      } else {
        answer_server(*step.question, session_of(call));  // refused, so that it does not wait for ever
      }
    } else if (reply.had_turn()) {
      co_await scheduler_.sleep_for({});
    } else {
      co_await reply.stream().readable();
    }
  }
}

// The connection is fit for reuse only once the stream has ended properly; nobody waits for that.
base::Task<void> HttpBackend::finish_stream(net::HttpReply reply) {
  auto ending = reply.next_event();
  co_await base::run_until(scheduler_, ending, scheduler_.now() + kStreamEndMax);
}

void HttpBackend::noticed(mcp::Message const& note) {
  switch (note.method()) {
    case mcp::Method::notifications_tools_list_changed:
      observer_.list_changed(options_.name, mcp::Method::tools_list);
      break;
    case mcp::Method::notifications_prompts_list_changed:
      observer_.list_changed(options_.name, mcp::Method::prompts_list);
      break;
    case mcp::Method::notifications_resources_list_changed:
      observer_.list_changed(options_.name, mcp::Method::resources_list);
      break;
    case mcp::Method::notifications_resources_updated:
      if (resources_ != nullptr) {
        std::string scratch;
        resources_->resource_updated_with(note.text(Field::uri, scratch), core::said_besides(note));
      }
      break;
    default: break;
  }
}

}  // namespace weir::upstream
