// ToolDesk: pinning of the tools of all servers: looks at each list before it is offered, tells of what
// differs, and takes a person's word for it.
//
// One per process; main thread. Pins are read at the start and by a reload, and written by the side thread:
// without a file they live as long as the process, which is logged. A server's pins belong to its name and
// to what it is (command, or URLs without their queries): another program under an old name is trusted anew,
// because the operator has put it there. Tenants' pins come from people alone, where callers have tenants.
// Each finding is logged and counted once for each definition. Answers show at most kShownMax findings of a
// server.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "app/tool_report.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"
#include "net/side_thread.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "router/catalog_loop.hpp"
#include "store/pin_file.hpp"

namespace weir::app {

class ToolDesk final : public router::ToolGuard {
 public:
  static constexpr std::size_t kShownMax = 50;
  static constexpr std::size_t kToldMax = 20;  // log lines for one list

  struct Parts {
    net::SideThread& side;
    observe::Log& log;
    observe::Metrics& metrics;
  };
  // `file` "": there is no place for one; nothing: none is wanted.
  ToolDesk(Parts const& parts, std::optional<std::string> const& file);

  void apply(config::Settings const& settings);

  std::shared_ptr<router::SuspectTools const> inspect(
      std::string_view server, std::shared_ptr<router::ItemList const> const& tools) override;
  bool withholds_unseen(std::string_view server) const override;

  static constexpr std::size_t kTenantBytesMax = 1024;  // of its name, as of those in tokens
  // `tool`: its name, or what that is shown as; "": all of them. `tenant` "": for everybody. The names;
  // errors: invalid_input, with a sentence for the caller. Whoever calls it publishes the catalogue again.
  base::Result<std::vector<std::string>> accept(std::string const& server, std::string const& tool,
                                                std::string const& tenant = {});

  std::size_t suspects(std::string_view server) const;
  std::vector<PinnedServer> report() const;
  void refresh_gauges() const;

 private:
  struct Watched {
    std::string owner;
    config::Pinning pinning = config::Pinning::warn;
    router::ToolPins pins;
  };
  void load(Watched& watched);
  void save(Watched const& watched, std::string const& tenant, std::vector<std::string> const& tools,
            store::PinFile::Write how);
  void tell(std::string_view server, Watched const& watched, std::vector<router::ToolFinding> const& news);

  Parts parts_;
  std::unique_ptr<store::PinFile> reader_;  // ours; null: no file
  std::shared_ptr<store::PinFile> writer_;  // the side thread's
  std::map<std::string, Watched, std::less<>> servers_;
  bool has_tenants_ = false;  // whether callers may have one
};

// Where the pins are; "" without a home.
std::string pin_path(config::Environment const& environment);

}  // namespace weir::app
