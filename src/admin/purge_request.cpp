#include "admin/purge_request.hpp"

#include <fmt/format.h>

#include "admin/change_body.hpp"

namespace weir::admin {
namespace {

std::string number(std::optional<std::uint64_t> const& count) {
  return count ? std::to_string(*count) : "null";
}

}  // namespace

base::Result<PurgeRequest> parse_purge(std::string_view body) {
  PurgeRequest request;
  auto const read = read_body(body, {{"select", &request.select},
                                     {"uri", &request.uri},
                                     {"principal", &request.principal},
                                     {"tag", &request.tag},
                                     {"dry_run", nullptr, &request.dry_run}});
  if (!read) return read.error();
  bool const restricts =
      !(request.select.empty() && request.uri.empty() && request.principal.empty() && request.tag.empty());
  if (!restricts)
    return refused_body("Say what: `select` (\"*\" is everything), `uri`, `principal` or `tag`.");
  return request;
}

std::string purge_body(PurgeRequest request) {
  return write_body({{"select", &request.select},
                     {"uri", &request.uri},
                     {"principal", &request.principal},
                     {"tag", &request.tag},
                     {"dry_run", nullptr, &request.dry_run}});
}

std::string purge_answer(PurgeCount const& count, bool dry_run) {
  return fmt::format("{{\"version\":1,\"entries\":{{\"memory\":{},\"store\":{}}},\"dry_run\":{}}}\n",
                     number(count.memory), number(count.store), dry_run);
}

PurgeNames names_of(PurgeRequest const& request) {
  if (request.select == "*") return {};
  auto const dot = request.select.find('.');  // no server's name has one
  PurgeNames names{request.select.substr(0, dot), {}};
  if (dot != std::string::npos) names.operation = request.select.substr(dot + 1);
  if (names.server == "*") names.server.clear();
  if (names.operation == "*") names.operation.clear();
  return names;
}

}  // namespace weir::admin
