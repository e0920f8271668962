#include "upstream/stdio_channel.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "upstream/own_request.hpp"
#include "upstream/server_question.hpp"

namespace weir::upstream {

using mcp::Field;
using mcp::MessageKind;
using mcp::Method;

base::Result<void> StdioChannel::enroll(Flight& flight) {
  if (over_) return *over_;
  if (flights_.size() >= limits_.in_flight_max) {
    return base::Error(base::Fault::busy, base::Blame::gateway,
                       fmt::format("{} requests are in flight to this server", limits_.in_flight_max),
                       base::Retry::always);
  }
  flight.id = next_id_++;
  flights_.emplace(flight.id, &flight);
  return {};
}

bool StdioChannel::leave(Flight& flight) noexcept {
  room_.set();
  return flights_.erase(flight.id) != 0;
}

Flight* StdioChannel::addressee_of(mcp::Message const& note) {
  if (auto const subscription = note.integer(Field::meta_subscription_id)) {
    auto const found = flights_.find(static_cast<std::uint64_t>(*subscription));
    return found == flights_.end() || !found->second->listens ? nullptr : found->second;
  }
  if (note.method() == Method::notifications_progress) {
    auto const token = note.integer(Field::progress_token);
    auto const found = flights_.find(static_cast<std::uint64_t>(token.value_or(0)));
    return found == flights_.end() ? nullptr : found->second;
  }
  if (note.method() != Method::notifications_message) return nullptr;
  Flight* only = nullptr;  // a log message names no request: with two that may be meant, it is nobody's
  for (auto const& [id, flight] : flights_) {
    if (!flight->relay.wants_log()) continue;
    if (only != nullptr) return nullptr;
    only = flight;
  }
  return only;
}

bool StdioChannel::full_for(mcp::Message const& message) {
  if (message.kind() != MessageKind::notification) return false;
  Flight const* const flight = addressee_of(message);
  return flight != nullptr && !flight->lagging_ && !has_room(*flight);
}

StdioChannel::Step StdioChannel::accept(mcp::Message message) {
  switch (message.kind()) {
    case MessageKind::request: return on_request(std::move(message));
    case MessageKind::notification: return on_notification(std::move(message));
    default: on_answer(std::move(message)); return {};
  }
}

void StdioChannel::on_answer(mcp::Message message) {
  auto const id = message.integer(Field::id);
  auto const found = flights_.find(static_cast<std::uint64_t>(id.value_or(0)));
  if (!id || found == flights_.end()) {
    bool const ours_once = id && *id > 0 && static_cast<std::uint64_t>(*id) < next_id_;
    ++(ours_once ? counters_.late : counters_.foreign);
    return;
  }
  Flight& flight = *found->second;
  flights_.erase(found);
  flight.answer.emplace(std::move(message));
  flight.news.set();
}

std::optional<std::string> StdioChannel::shown(Flight& flight, mcp::Message note) {
  if (flight.listens) return std::move(note).take_bytes();
  return note.method() == Method::notifications_progress ? flight.relay.progress(note)
                                                         : flight.relay.log(note);
}

StdioChannel::Step StdioChannel::on_notification(mcp::Message note) {
  Flight* const flight = addressee_of(note);
  if (flight == nullptr) {
    switch (note.method()) {
      case Method::notifications_tools_list_changed:
      case Method::notifications_prompts_list_changed:
      case Method::notifications_resources_list_changed:
      case Method::notifications_resources_updated: return {Step::Kind::announced, {}, std::move(note)};
      default: return {};
    }
  }
  if (flight->lagging_ || !has_room(*flight)) {
    flight->lagging_ = true;
    ++counters_.notes_dropped;
    return {};
  }
  auto text = shown(*flight, std::move(note));
  if (!text) return {};
  flight->note_bytes_ += text->size();
  flight->notes_.push_back(std::move(*text));
  flight->news.set();
  return {};
}

// A request of the server names no call. A call whose client is being asked waits, so one that runs is meant
// rather. Each call of a legacy client leads to that client. Where two clients could be meant, nobody is.
Flight* StdioChannel::client_to_ask(mcp::Message const& request) {
  std::vector<Flight*> running, waiting;
  bool others_run = false;
  for (auto const& [id, flight] : flights_) {
    if (flight->call == nullptr) continue;
    bool const waits = flight->call->parked.questions > 0;
    bool const able = may_ask(*flight->call, request);
    if (able) (waits ? waiting : running).push_back(flight);
    others_run = others_run || (!able && !waits);
  }
  auto const& able = running.empty() ? waiting : running;
  if (able.empty() || (running.empty() && others_run)) return nullptr;
  auto& one = **std::max_element(able.begin(), able.end(),
                                 [](Flight const* a, Flight const* b) { return a->id < b->id; });
  auto const same_client = [&one](Flight const* other) {
    return other == &one || (one.call->session && one.call->session == other->call->session);
  };
  auto const same_caller = [&one](Flight const* other) {
    return one.call->principal->id == other->call->principal->id;
  };
  bool const clear = std::all_of(able.begin(), able.end(), same_client) &&
                     std::all_of(waiting.begin(), waiting.end(), same_caller);
  return clear ? &one : nullptr;
}

StdioChannel::Step StdioChannel::on_request(mcp::Message request) {
  if (modern_) {
    ++counters_.refused;
    return {};
  }
  Flight* const flight = client_to_ask(request);
  if (flight != nullptr && flight->questions_.size() < limits_.questions_max) {
    flight->questions_.push_back(std::move(request));
    flight->news.set();
    return {};
  }
  if (request.method() != Method::ping) ++counters_.refused;
  return {Step::Kind::reply, reply_to_server(request), {}};
}

std::optional<std::string> StdioChannel::next_note(Flight& flight) {
  if (flight.notes_.empty()) return std::nullopt;
  std::string note = std::move(flight.notes_.front());
  flight.notes_.pop_front();
  flight.note_bytes_ -= note.size();
  if (flight.notes_.size() <= limits_.notes_max / 2) flight.lagging_ = false;
  room_.set();
  return note;
}

std::optional<mcp::Message> StdioChannel::next_question(Flight& flight) {
  if (flight.questions_.empty()) return std::nullopt;
  mcp::Message question = std::move(flight.questions_.front());
  flight.questions_.pop_front();
  return question;
}

void StdioChannel::fail(std::uint64_t id, base::Error error) {
  auto const found = flights_.find(id);
  if (found == flights_.end()) return;
  found->second->answer.emplace(std::move(error));
  found->second->news.set();
  flights_.erase(found);
}

void StdioChannel::fail_all(base::Error error) {
  if (!over_) over_ = std::move(error);
  for (auto const& [id, flight] : flights_) {
    auto reason = *over_;
    if (!flight->sent) {  // the child has not seen it: another one may
      reason.fault = base::Fault::connect_failed;
      reason.retry = base::Retry::always;
    }
    flight->answer.emplace(std::move(reason));
    flight->news.set();
  }
  flights_.clear();
}

}  // namespace weir::upstream
