#include "app/tool_desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "app/state_folder.hpp"
#include "config/client_files.hpp"

namespace weir::app {
namespace {

using config::Pinning;
using observe::Level;
using router::ToolFinding;

constexpr char kLostWithPins[] =
    "pins of tools are forgotten when Weir ends, so that a tool which changes meanwhile is not noticed, and "
    "sign-ins and consent are not kept";

// What must stay the same for pins to hold. Arguments are left out: a new version of a package is just when
// tools may change, and some carry secrets.
std::string owner_of(config::Server const& server) {
  std::string target = server.command;
  for (auto const& url : server.urls) target += "\n" + url.substr(0, url.find('?'));
  return fmt::format("{}@{}", server.name, router::definition_hash(target).substr(0, 16));
}

std::string_view mode_name(Pinning pinning) {
  switch (pinning) {
    case Pinning::ignore: return "ignore";
    case Pinning::warn: return "warn";
    case Pinning::quarantine: return "quarantine";
  }
  return "warn";
}

std::string sentence(ToolFinding const& finding) {
  std::string out;
  switch (finding.kind) {
    case ToolFinding::Kind::changed: out = "says something else of itself than when it was pinned"; break;
    case ToolFinding::Kind::hidden: out = "hides characters"; break;
    case ToolFinding::Kind::unpinned: out = "is one too many to be pinned"; break;
  }
  if (!finding.tenant.empty()) out += " for tenant " + finding.tenant;
  if (finding.hidden != router::Hidden::none) out += fmt::format(" ({})", router::names_of(finding.hidden));
  return out;
}

}  // namespace

std::string pin_path(config::Environment const& environment) {
  auto const trust = config::trust_path(environment);
  if (!trust.starts_with('/')) return {};
  return trust.substr(0, trust.rfind('/')) + "/pins.db";
}

ToolDesk::ToolDesk(Parts const& parts, std::optional<std::string> const& file) : parts_(parts) {
  if (!file) return;
  if (file->empty()) {
    parts_.log.event(Level::warn, "tool.pins",
                     "pins of tools are forgotten at the end: set HOME or XDG_STATE_HOME");
    return;
  }
  auto reader = store::PinFile::open(*file);
  auto writer = store::PinFile::open(*file);
  if (reader && writer) {
    reader_ = std::move(*reader);
    writer_ = std::move(*writer);
    return;
  }
  auto const folder = file->substr(0, file->rfind('/'));
  if (auto const why = why_unwritable(folder); !why.empty()) {
    parts_.log.event(Level::warn, "tool.pins", unwritable_words(folder, why, kLostWithPins));
    return;
  }
  auto const& error = reader ? writer.error() : reader.error();
  parts_.log.event(Level::warn, "tool.pins",
                   fmt::format("pins of tools are forgotten at the end: {}; {}", error.detail, error.hint));
}

void ToolDesk::apply(config::Settings const& settings) {
  has_tenants_ = (settings.jwt && !settings.jwt->claims.tenant.empty()) ||
                 (settings.introspection && !settings.introspection->claims.tenant.empty());
  auto before = std::exchange(servers_, {});
  for (auto const& server : settings.servers) {
    if (server.disabled) continue;
    auto owner = owner_of(server);
    auto const known = before.find(server.name);
    bool const same = known != before.end() && known->second.owner == owner;
    auto& watched = servers_[server.name];
    if (same) watched = std::move(known->second);
    watched.owner = std::move(owner);
    auto const pinning = settings.pinning.find(server.name);
    watched.pinning = pinning == settings.pinning.end() ? Pinning::warn : pinning->second;
    if (!same) load(watched);
  }
}

void ToolDesk::load(Watched& watched) {
  if (!reader_) return;
  router::TenantLimits const tenants;
  auto rows = reader_->read(watched.owner, router::PinLimits{}.pins + tenants.tenants * tenants.each.pins);
  if (!rows) {
    parts_.log.event(Level::warn, "tool.pins", rows.error().detail);
    return;
  }
  for (auto& row : *rows) {
    watched.pins.restore(row.tool, {std::move(row.hash), std::move(row.definition), row.approved},
                         row.tenant);
  }
}

void ToolDesk::save(Watched const& watched, std::string const& tenant, std::vector<std::string> const& tools,
                    store::PinFile::Write how) {
  if (!writer_) return;
  std::vector<store::PinRow> rows;
  for (auto const& tool : tools) {
    if (auto const* const pin = watched.pins.find(tool, tenant)) {
      rows.push_back({tenant, tool, pin->hash, pin->definition, pin->approved});
    }
  }
  bool const given = parts_.side.give(
      [file = writer_, owner = watched.owner, rows = std::move(rows), how, &log = parts_.log] {
        auto const written = file->write(owner, rows, how);
        if (!written) log.event(Level::warn, "tool.pins", written.error().detail);
      });
  if (!given) parts_.log.event(Level::warn, "tool.pins", "pins were not written: the disk is too slow");
}

void ToolDesk::tell(std::string_view server, Watched const& watched, std::vector<ToolFinding> const& news) {
  auto const& alarms = parts_.metrics.server(std::string(server)).tool_alarms;
  std::set<std::pair<std::string_view, std::string_view>> definitions;
  std::size_t told = 0;
  for (auto const& finding : news) {
    bool const another = definitions.emplace(finding.tool, finding.hash).second;  // not the next tenant's
    if (another) alarms.add(router::name_of(finding.kind));
    if (++told > kToldMax) continue;
    bool const withheld = watched.pinning == Pinning::quarantine;
    parts_.log.event(Level::warn, "tool.suspect",
                     fmt::format("{} of {} {}{}; look with `weir tools {}`, accept with `{}`",
                                 router::shown_name(finding.tool), server, sentence(finding),
                                 withheld ? " and is withheld" : "", server,
                                 accept_command(server, finding.tool, finding.tenant)));
  }
  if (told > kToldMax) {
    parts_.log.event(Level::warn, "tool.suspect",
                     fmt::format("{} more tools of {}: `weir tools {}`", told - kToldMax, server, server));
  }
}

std::shared_ptr<router::SuspectTools const> ToolDesk::inspect(
    std::string_view server, std::shared_ptr<router::ItemList const> const& tools) {
  auto const found = servers_.find(server);
  if (found == servers_.end() || found->second.pinning == Pinning::ignore) return nullptr;
  auto& watched = found->second;
  auto const seen = watched.pins.look(tools);
  if (!seen.pinned.empty()) save(watched, {}, seen.pinned, store::PinFile::Write::more);
  tell(server, watched, seen.news);
  return watched.pinning == Pinning::quarantine ? watched.pins.suspects() : nullptr;
}

bool ToolDesk::withholds_unseen(std::string_view server) const {
  auto const found = servers_.find(server);
  return found != servers_.end() && found->second.pinning == Pinning::quarantine;
}

base::Result<std::vector<std::string>> ToolDesk::accept(std::string const& server, std::string const& tool,
                                                        std::string const& tenant) {
  auto const refused = [](std::string why) {
    return base::Error(base::Fault::invalid_input, base::Blame::client, std::move(why));
  };
  auto const found = servers_.find(server);
  if (found == servers_.end()) return refused("There is no server of this name.");
  auto& watched = found->second;
  if (watched.pinning == Pinning::ignore)
    return refused("The tools of this server are not pinned (`pin: ignore`).");
  if (!tenant.empty() && !has_tenants_) return refused("No caller has a tenant here (`auth.jwt.tenant`).");
  if (tenant.size() > kTenantBytesMax) return refused("No tenant has a name that long.");
  auto const meant = watched.pins.named(tool);
  if (meant.size() > 1)
    return refused("The server offers several tools that are shown by this name: accept all of its tools.");
  auto const& own = meant.empty() ? tool : meant.front();
  auto accepted = tool.empty() ? watched.pins.accept_all(tenant) : watched.pins.accept(own, tenant);
  if (accepted.empty()) {
    if (!tenant.empty()) {
      return refused("The server offers no such tool now, or there is no more room for pins of tenants.");
    }
    return refused(tool.empty()
                       ? "The server offers no tools now."
                       : "The server offers no such tool now, or too many are pinned: accept all of them.");
  }
  using Write = store::PinFile::Write;
  save(watched, tenant, accepted, !tool.empty() ? Write::more : tenant.empty() ? Write::all : Write::tenant);
  auto const whose = tenant.empty() ? std::string() : ", for tenant " + tenant;
  parts_.log.event(Level::info, "tool.accepted",
                   tool.empty() ? fmt::format("all {} tools of {}{}", accepted.size(), server, whose)
                                : fmt::format("{} of {}{}", router::shown_name(own), server, whose));
  return accepted;
}

std::size_t ToolDesk::suspects(std::string_view server) const {
  auto const found = servers_.find(server);
  bool const looks = found != servers_.end() && found->second.pinning != Pinning::ignore;
  return looks ? found->second.pins.suspect_tools() : 0;
}

std::vector<PinnedServer> ToolDesk::report() const {
  std::vector<PinnedServer> out;
  for (auto const& [name, watched] : servers_) {
    PinnedServer server{
        name, std::string(mode_name(watched.pinning)), watched.pins.pins().size(), suspects(name), {}, {}};
    for (auto const& [tenant, set] : watched.pins.tenants())
      server.tenants.push_back({tenant, set.all().size()});
    for (auto const& finding : watched.pins.findings()) {
      if (server.suspects == 0 || server.findings.size() >= kShownMax) break;
      server.findings.push_back({finding.tool, std::string(router::name_of(finding.kind)), sentence(finding),
                                 watched.pins.explain(finding), finding.tenant});
    }
    out.push_back(std::move(server));
  }
  return out;
}

void ToolDesk::refresh_gauges() const {
  for (auto const& [name, watched] : servers_) {
    parts_.metrics.server(name).tools_suspect.set(static_cast<double>(suspects(name)));
  }
}

}  // namespace weir::app
