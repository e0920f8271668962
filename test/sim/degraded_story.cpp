#include <fmt/format.h>

#include "sim/degraded_play.hpp"

// What happens in a DegradedPlay: calls, weather, reloads, clocks, children.
namespace weir::test {

using Era = FakeClient::Era;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

namespace {

constexpr std::string_view kHttpWeather[] = {"dead", "mute", "reset", "half", "wrong_id", "malformed", "503",
                                             "429",  "401",  "403",   "drip", "hang",     "slow",      "cut"};
constexpr std::string_view kProgramWeather[] = {"hang",  "malformed", "wrong_id", "half",
                                                "error", "slow",      "exit"};

}  // namespace

void DegradedPlay::step() {
  auto const what = dice_.below(100);
  if (what < 55) return any_call();
  if (what < 62) return crowd();
  if (what < 78) return change_weather(any_actor());
  if (what < 82) return leave();
  if (what < 88) return reload();
  if (what < 90)
    return world_.loop.step_wall(chance(50) ? milliseconds{3'600'000} : -milliseconds{3'600'000});
  if (what < 92) return end_children();
  world_.advance(ms(100, 1500));
}

void DegradedPlay::any_call() {
  auto const& actor = any_actor();
  auto const what = dice_.below(100);
  if (what < 60) return call(any_caller(), actor, "page", any_key());
  if (what < 75) return call(any_caller(), actor, "peek", "p" + std::to_string(++keys_));
  if (what < 87 || actor.http == nullptr)
    return call(any_caller(), actor, "write", "w" + std::to_string(++keys_));
  call(any_caller(), actor, "read", "");
}

void DegradedPlay::crowd() {
  auto const& actor = any_actor();
  auto const key = any_key();
  bool const same = chance(50);
  for (auto count = 3 + dice_.below(3); count > 0; --count) {
    if (same) call(any_caller(), actor, "page", key);
    if (!same) call(any_caller(), actor, "peek", "p" + std::to_string(++keys_));
  }
}

void DegradedPlay::call(Caller& caller, Actor const& actor, std::string const& tool, std::string const& key) {
  Issued made;
  made.client = caller.client;
  made.id = std::to_string(++caller.ids);
  made.principal = caller.principal;
  made.server = actor.name;
  made.tool = tool;
  made.key = key;
  witness_.issued(made);
  witness_.note(fmt::format("{} {} asks {} for {} {}", caller.principal, made.id, actor.name, tool, key));
  if (tool == "read") {
    made.reply =
        caller.client->request("resources/read", fmt::format(R"("uri":"res://{}/a")", actor.name), made.id);
  } else {
    if (tool == "peek") world_.ledger.issued(key, true);
    made.reply =
        caller.client->call(actor.name + "__" + tool,
                            fmt::format(R"({{"key":"{}","ask":"{} {}"}})", key, kQuestion, key), made.id);
  }
  issued_.push_back(std::move(made));
}

void DegradedPlay::leave() {
  if (judged_ == issued_.size()) return;
  auto& call = issued_[judged_ + dice_.below(issued_.size() - judged_)];
  if (call.reply->done || call.left) return;
  call.left = true;
  if (call.client->era() == Era::legacy && chance(60)) {
    call.cancel = call.client->cancel(call.id);
  } else {
    call.client->hang_up(call.reply);
  }
}

void DegradedPlay::reload() {
  auto const& actor = any_actor();
  auto& server = server_settings(actor.name);
  auto& of = degradation(actor.name);
  auto terms = witness_.terms(actor.name);
  auto const what = dice_.below(5);
  witness_.note(fmt::format("reload {} of {}", what, actor.name));
  switch (what) {
    case 0:
      server.timeouts.call = duration_cast<milliseconds>(ms(600, 2500));
      terms.call = server.timeouts.call;
      built_anew_ = true;
      break;
    case 1: of.breaker.failure_threshold = 2 + static_cast<unsigned>(dice_.below(4)); break;
    case 2: of.retry.attempts = static_cast<unsigned>(dice_.below(3)); break;
    case 3: draw_chain(of, terms); break;
    default:
      server.disabled = !server.disabled;
      built_anew_ = true;
      break;
  }
  terms.of = of;
  witness_.terms(actor.name, std::move(terms));
  apply_settings();
}

void DegradedPlay::apply_settings() {
  for (auto const& actor : actors_) {
    if (!server_settings(actor.name).disabled) continue;
    witness_.closed(actor.name);
    close(actor.name);
  }
  world_.reload();
}

void DegradedPlay::close(std::string const& server) {
  for (auto const& tell : std::exchange(when_closed_[server], {})) tell();
}

void DegradedPlay::calm(Actor& actor) {
  if (!actor.fine) witness_.note("fine weather for " + actor.name);
  actor.fine = true;
  actor.mood.clear();
  if (actor.http == nullptr) return;
  actor.http->alive = true;
  actor.http->mute = false;
  actor.http->weather.clear();
  actor.http->lag = actor.lag;
}

void DegradedPlay::change_weather(Actor& actor) {
  bool const was_fine = actor.fine;
  calm(actor);
  if (!was_fine && chance(40)) return;
  actor.fine = false;
  if (actor.http == nullptr) return program_weather(actor);
  auto const what = kHttpWeather[dice_.below(std::size(kHttpWeather))];
  witness_.note(fmt::format("weather of {}: {}", actor.name, what));
  auto& server = *actor.http;
  if (what == "dead") return server.die();
  if (what == "cut") return server.close_all();
  if (what == "mute") return void(server.mute = true);
  if (what == "slow") return void(server.lag = ms(150, 1500));
  server.weather = what;
}

void DegradedPlay::program_weather(Actor& actor) {
  actor.mood = kProgramWeather[dice_.below(std::size(kProgramWeather))];
  witness_.note(fmt::format("weather of {}: {}", actor.name, actor.mood));
  if (actor.mood == "exit") end_children();
}

void DegradedPlay::end_children() {
  for (auto const& program : world_.spawner.programs) program->exit({.code = 1});
}

void DegradedPlay::serve_program(FakeProgram& program, mcp::Message const& request) {
  std::string const id(request.raw(mcp::Field::id));
  if (request.method() == mcp::Method::tools_list) {
    std::string list;
    for (auto const* const name : {"page", "peek", "write"})
      list += fmt::format(R"({}{{"name":"{}","inputSchema":{{"type":"object"}}}})", list.empty() ? "" : ",",
                          name);
    return program.answer(
        id, R"({"resultType":"complete","ttlMs":0,"cacheScope":"public","tools":[)" + list + "]}");
  }
  if (request.method() != mcp::Method::tools_call) return;
  std::string scratch;
  std::string const tool(request.text(mcp::Field::name, scratch));
  auto const text = witness_.executed("program", tool, member_of(request.raw(mcp::Field::arguments), "key"));
  auto const& mood = actors_.back().mood;  // the last one there is
  if (mood == "hang") return;
  auto const line = [&](std::string const& of) {
    return fmt::format(
        R"({{"jsonrpc":"2.0","id":{},"result":{{"resultType":"complete","content":[{{"type":"text","text":"{}"}}]}}}})",
        of, text);
  };
  if (mood == "half") {
    program.say_raw(line(id).substr(0, 40));
    return program.exit({.code = 1});
  }
  std::string answer = mood == "wrong_id" ? line(id + "7") : line(id);
  if (mood == "malformed") answer.pop_back();
  if (mood == "error")
    answer = fmt::format(R"({{"jsonrpc":"2.0","id":{},"error":{{"code":-32603,"message":"oops"}}}})", id);
  auto const after = mood == "slow" ? ms(150, 1500) : actors_.back().lag;
  tasks_->spawn(answer_later(program, std::move(answer), after));
}

base::Task<void> DegradedPlay::answer_later(FakeProgram& program, std::string text, base::Duration after) {
  co_await world_.loop.sleep_for(after);
  if (program.running()) program.say(std::move(text));
}

}  // namespace weir::test
