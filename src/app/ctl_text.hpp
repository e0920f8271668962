// What `weir ctl` prints, from what the admin API answers.
//
// Pure: JSON → text. Unknown members are ignored, so that an older command reads a newer gateway. Errors:
// protocol (not the JSON of a gateway).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "admin/purge_request.hpp"
#include "admin/reload_answer.hpp"
#include "admin/token_drop.hpp"
#include "base/result.hpp"

namespace weir::app {

base::Result<admin::PurgeCount> read_purge_answer(std::string_view json);
std::string render_purge(admin::PurgeRequest const& request, admin::PurgeCount const& count);
base::Result<std::string> render_cache(std::string_view json);  // a line for each member, indented as nested

base::Result<std::uint64_t> read_drop_answer(std::string_view json);
std::string render_drop(admin::TokenDrop const& drop, std::uint64_t dropped);

base::Result<admin::ReloadAnswer> read_reload_answer(std::string_view json);
std::string render_reload(admin::ReloadAnswer const& answer);

// Names whole servers or everything, and restricts it by nothing else.
bool is_bulk(admin::PurgeRequest const& request);
// Why `request` can meet nothing at a gateway with these servers; empty if it can.
std::string unmatched(admin::PurgeRequest const& request, std::vector<std::string_view> const& servers);

}  // namespace weir::app
