#include "router/server_watch_loop.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/ready_until.hpp"
#include "base/run_until.hpp"

namespace weir::router {
namespace {

constexpr std::int64_t kMethodNotFound = -32601;

bool declares(Capabilities const& capabilities, ListKind kind) noexcept {
  switch (kind) {
    case ListKind::tools: return capabilities.tools;
    case ListKind::prompts: return capabilities.prompts;
    case ListKind::resources:
    case ListKind::templates: return capabilities.resources;
    case ListKind::skills: return capabilities.skills;
  }
  return false;
}

std::string refusal_of(mcp::Message const& page) {
  std::string scratch;
  auto const said = page.text(mcp::Field::error_message, scratch);
  return "the server refused to list them: " + std::string(said.substr(0, 200));
}

}  // namespace

ServerWatch::ServerWatch(base::Scheduler& scheduler, base::Random& random, ServerWatchOptions const& options,
                         std::shared_ptr<core::Backend> backend, std::function<void()> found)
    : scheduler_(scheduler),
      random_(random),
      options_(options),
      backend_(std::move(backend)),
      found_(std::move(found)),
      since_(scheduler.now()),
      woken_(scheduler),
      group_(scheduler) {}

void ServerWatch::list_changed(Kinds kinds) {
  stale_ |= kinds;
  for (std::size_t i = 0; i < kinds.size(); ++i) announced_[i] += kinds.test(i) ? 1 : 0;
  if (failures_ == 0) woken_.set();  // else the pause goes on: it is what protects a server in trouble
}

// A child that was stopped for idleness is no failure: a call will start it.
void ServerWatch::state_changed() {
  auto const state = backend_->status().state;
  if (state == core::ServerState::ready) {
    if (failures_ > 0) woken_.set();
  } else if (state != core::ServerState::stopped && readiness_ == Readiness::ready) {
    closed_ = true;
    woken_.set();
    settle(Readiness::stale, contents_);
  }
}

void ServerWatch::era_changed() {
  closed_ = true;
  woken_.set();
}

base::Task<void> ServerWatch::run() {
  for (;;) {
    woken_.reset();
    bool const all_well = co_await refresh();
    if (!all_well) {
      ++failures_;
      woken_.reset();
      base::TimePoint const again = scheduler_.now() + pause();
      co_await base::ready_until(scheduler_, woken_, again);
      continue;
    }
    failures_ = 0;
    bool const told = co_await base::ready_until(scheduler_, woken_, next_refresh());
    if (told) {
      co_await scheduler_.sleep_for(options_.coalesce);
    } else {
      stale_.set();
    }
  }
}

base::Task<bool> ServerWatch::refresh() {
  auto next = contents_ ? std::make_shared<ServerContents>(*contents_) : std::make_shared<ServerContents>();
  if (closed_) {
    bool const opened = co_await reopen(*next);
    if (!opened) {
      settle(contents_ ? Readiness::stale : Readiness::failed, contents_);
      co_return false;
    }
    closed_ = false;
    stale_.set();
  }
  Kinds const wanted = std::exchange(stale_, Kinds{});
  bool const complete = co_await read_lists(*next, wanted);
  settle(complete ? Readiness::ready : Readiness::stale, std::move(next));
  co_return complete;
}

base::Task<bool> ServerWatch::reopen(ServerContents& next) {
  auto work = backend_->open();
  auto const ended = co_await base::run_until(scheduler_, work, scheduler_.now() + options_.open_max);
  if (ended != base::Ended::done) co_return false;
  auto identity = work.take();
  if (!identity) co_return false;
  if (identity->modern() != next.identity.modern()) next.lists = {};
  next.identity = std::move(*identity);
  next.capabilities = Capabilities::read(next.identity.capabilities);
  co_return true;
}

base::Task<bool> ServerWatch::read_lists(ServerContents& next, Kinds wanted) {
  ItemListOptions items = options_.items;
  items.any_output = next.identity.modern();
  items.check_param_headers = next.identity.modern() && backend_->status().transport != "stdio";
  bool complete = true;
  for (ListKind const kind : kListKinds) {
    auto const place = static_cast<std::size_t>(kind);
    if (!wanted.test(place)) continue;
    auto const announced = announced_[place];  // one that comes while it is read asks for another reading
    next.problems[place].clear();
    if (!declares(next.capabilities, kind)) {
      next.lists[place] = nullptr;
      continue;
    }
    auto list = co_await read_list(kind, items);
    if (list) {
      next.lists[place] = std::move(*list);
      next.announced[place] = announced;
      next.problems[place] = next.lists[place]->problem();
      continue;
    }
    next.problems[place] = std::string(traits_of(kind).member) + ": " + list.error().detail;
    complete = false;
    stale_.set(place);
    if (list.error().fault == base::Fault::protocol) continue;
    closed_ = true;  // it does not answer: it would not answer for the others either
    break;
  }
  co_return complete;
}

base::Task<ServerWatch::ListResult> ServerWatch::read_list(ListKind kind, ItemListOptions options) {
  auto list = std::make_shared<ItemList>(kind, options);
  std::unordered_set<std::string> cursors;
  std::string params = "{}";
  for (;;) {
    auto page = co_await ask(kind, params);
    if (!page) co_return page.error();
    if (page->kind() != mcp::MessageKind::result) {
      if (page->integer(mcp::Field::error_code) == kMethodNotFound) co_return ListResult(std::move(list));
      co_return base::Error(base::Fault::protocol, base::Blame::upstream, refusal_of(*page));
    }
    auto next = list->add(std::move(*page), scheduler_.now());
    if (!next) co_return next.error();
    if (!next->has_value()) break;
    auto const& cursor = **next;
    if (!cursors.insert(cursor).second) {
      list->cut("nextCursor repeats");
      break;
    }
    if (cursors.size() >= options_.pages_max) {
      list->cut("over " + std::to_string(options_.pages_max) + " pages");
      break;
    }
    params = R"({"cursor":)" + cursor + '}';
  }
  co_return ListResult(std::move(list));
}

base::Task<base::Result<mcp::Message>> ServerWatch::ask(ListKind kind, std::string params) {
  auto work = backend_->ask(traits_of(kind).method, std::move(params));
  auto const ended = co_await base::run_until(scheduler_, work, scheduler_.now() + options_.ask_max);
  if (ended == base::Ended::done) co_return work.take();
  co_return base::Error(base::Fault::timed_out, base::Blame::upstream, "no answer to a list request");
}

base::Duration ServerWatch::pause() {
  auto wait = options_.retry_min;
  for (unsigned i = 1; i < failures_ && wait < options_.retry_max; ++i) wait *= 2;
  return base::jittered(std::min(wait, options_.retry_max), 20, random_);
}

// Only where a server grants freshness: its end is a hint that asking again is worth it.
base::TimePoint ServerWatch::next_refresh() {
  auto const now = scheduler_.now();
  auto earliest = base::TimePoint::max();
  for (auto const& list : contents_->lists) {
    if (list && list->fresh_until() > now && !list->items().empty()) {
      earliest = std::min(earliest, list->fresh_until());
    }
  }
  if (earliest == base::TimePoint::max()) return earliest;
  auto const wait = std::max(earliest - now, options_.refresh_min);
  return now + base::jittered(wait + wait / 10, 8, random_);  // never before it
}

void ServerWatch::settle(Readiness readiness, std::shared_ptr<ServerContents const> contents) {
  readiness_ = readiness;
  contents_ = std::move(contents);
  found_();
}

}  // namespace weir::router
