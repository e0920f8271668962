#include "router/catalog_loop.hpp"

#include <algorithm>
#include <utility>

namespace weir::router {
namespace {

// By the list's method or by the notification's. A change of resources may be one of templates or skills.
ServerWatch::Kinds kinds_of(mcp::Method method) noexcept {
  using mcp::Method;
  auto const bit = [](ListKind kind) { return 1ull << static_cast<unsigned>(kind); };
  switch (method) {
    case Method::tools_list:
    case Method::notifications_tools_list_changed: return {bit(ListKind::tools)};
    case Method::prompts_list:
    case Method::notifications_prompts_list_changed: return {bit(ListKind::prompts)};
    case Method::resources_list:
    case Method::skills_list:
    case Method::resources_templates_list:
    case Method::notifications_resources_list_changed:
      return {bit(ListKind::resources) | bit(ListKind::templates) | bit(ListKind::skills)};
    default: return {};
  }
}

}  // namespace

CatalogLoop::CatalogLoop(base::Scheduler& scheduler, base::Random& random, CatalogLoopOptions options,
                         Publish publish)
    : scheduler_(scheduler), random_(random), options_(std::move(options)), publish_(std::move(publish)) {}

void CatalogLoop::set_servers(std::vector<ServerSpec> servers, std::vector<AbsentServer> absent) {
  absent_ = std::move(absent);
  for (auto const& server : absent_) names_.insert(server.name);
  auto before = std::exchange(servers_, {});
  std::vector<ServerWatch*> fresh;
  for (auto& spec : servers) {
    Entry made{*names_.insert(spec.name).first, spec.number, std::move(spec.rules), spec.in_aggregate,
               nullptr};
    for (auto& known : before) {
      if (known.watch && known.name == made.name && known.watch->backend() == spec.backend) {
        made.watch = std::move(known.watch);
      }
    }
    if (!made.watch) {
      made.watch = std::make_unique<ServerWatch>(scheduler_, random_, options_.watch, std::move(spec.backend),
                                                 [this] { publish(); });
      fresh.push_back(made.watch.get());
    }
    made.watch->set_list_ttl(spec.list_ttl);
    servers_.push_back(std::move(made));
  }
  publish();
  for (auto* const watch : fresh) watch->start();
}

void CatalogLoop::list_changed(std::string_view server, mcp::Method list) {
  if (auto* const watch = find(server)) watch->list_changed(kinds_of(list));
}

void CatalogLoop::state_changed(std::string_view server) {
  if (auto* const watch = find(server)) watch->state_changed();
}

void CatalogLoop::era_changed(std::string_view server) {
  if (auto* const watch = find(server)) watch->era_changed();
}

void CatalogLoop::stop() noexcept {
  for (auto& server : servers_) server.watch->stop();
}

std::shared_ptr<SuspectTools const> CatalogLoop::withheld_of(Entry const& server) const {
  auto const& contents = server.watch->contents();
  if (options_.guard == nullptr || !contents) return nullptr;
  return options_.guard->inspect(server.name, contents->lists[static_cast<std::size_t>(ListKind::tools)]);
}

void CatalogLoop::publish() {
  auto view = std::make_shared<CatalogServers>();
  view->reserve(servers_.size());
  for (auto const& server : servers_) {
    auto status = server.watch->backend()->status();
    view->push_back(
        {server.name, server.number, server.rules, server.in_aggregate, server.watch->readiness(),
         server.watch->since(), std::move(status.cause), server.watch->contents(), withheld_of(server),
         options_.guard != nullptr && options_.guard->withholds_unseen(server.name), std::move(status.cure)});
  }
  for (auto const& server : absent_) {
    CatalogServer shown;
    shown.name = *names_.find(server.name);
    shown.in_aggregate = server.in_aggregate;
    shown.readiness = Readiness::failed;
    shown.since = scheduler_.now();
    shown.cause = server.cause;
    shown.cure = "It is set aside: an operator has to mend its configuration; `weir status` says why.";
    shown.set_aside = true;
    view->push_back(std::move(shown));
  }
  publish_(std::make_shared<CatalogSet const>(options_.catalog, std::move(view), ++generation_));
}

ServerWatch* CatalogLoop::find(std::string_view server) noexcept {
  auto const found = std::find_if(servers_.begin(), servers_.end(),
                                  [server](Entry const& one) { return one.name == server; });
  return found == servers_.end() ? nullptr : found->watch.get();
}

}  // namespace weir::router
