// The rows for servers: how each is reached.
#include "config/option_rows.hpp"

namespace weir::config {
namespace {

using enum Type;
constexpr auto kLater = Effect::later;

constexpr Option kServers[] = {
    {"servers", table, "", "", "", "The MCP servers behind the gateway, by name."},
    {"servers.*", section, "", "", "", "One server: either `command`, or `url` or `urls`."},
    {"servers.*.type", word, "", "", "stdio|http|streamable-http|sse",
     "Default: `stdio` with `command`, else `http`, which finds out between the two HTTP transports."},
    {"servers.*.command", text, "", "", "", "Program to start; no shell is involved."},
    {"servers.*.args", list, "", "", "", "Its arguments."},
    {"servers.*.args[]", text, "", "", "", "One argument."},
    {"servers.*.env", table, "", "", "", "Variables for it, besides PATH, HOME and LANG."},
    {"servers.*.env.*", text, "", "", "", "One value."},
    {"servers.*.envFile", path, "", "", "", "File of `NAME=value` lines; `env` wins."},
    {"servers.*.cwd", path, "", "", "", "Folder to start it in."},
    {"servers.*.stdio", section, "", "", "", "How its processes are run."},
    {"servers.*.stdio.share", word, "per_principal", "", "per_principal|per_session",
     "Who shares one process. In this version all callers of a server do.", kLater},
    {"servers.*.stdio.instances", instances, "1..4", "1..256", "",
     "Processes at least and at most; `4` is `4..4`. In this version it is one.", kLater},
    {"servers.*.stdio.idle_stop", duration, "10m", "1s..24h", "",
     "Stop a process that is unused for this long.", kLater},
    {"servers.*.stdio.restart", duration_range, "100ms..30s", "1ms..1h", "",
     "First and longest wait before a restart."},
    {"servers.*.stdio.memory_max", size, "512MiB", "16MiB..1024GiB", "", "Memory after which it is stopped.",
     kLater},
    {"servers.*.url", url, "", "", "", "Address of an HTTP server."},
    {"servers.*.urls", list, "", "", "", "Several addresses of the same server; each takes calls."},
    {"servers.*.urls[]", url, "", "", "", "One address."},
    {"servers.*.balance", word, "least_inflight", "", "round_robin|least_inflight|hash:principal",
     "How calls are spread over `urls`."},
    {"servers.*.headers", table, "", "", "", "Headers sent with every request."},
    {"servers.*.headers.*", text, "", "", "", "One value."},
    {"servers.*.auth", section, "", "", "", "The gateway's own credential at this server."},
    {"servers.*.auth.type", word, "none", "", "none|bearer|header|oauth|exchange",
     "`bearer` sends `token`, `header` sends `value` in `name`. `oauth` and `exchange` are not in this "
     "version."},
    {"servers.*.auth.token", text, "", "", "", "Token of `bearer`; best a reference."},
    {"servers.*.auth.name", text, "", "", "", "Header of `header`."},
    {"servers.*.auth.value", text, "", "", "", "Value of `header`; best a reference."},
    {"servers.*.auth.scopes", list, "", "", "", "Scopes asked for by `oauth`.", kLater},
    {"servers.*.auth.scopes[]", text, "", "", "", "One scope.", kLater},
    {"servers.*.auth.per", word, "gateway", "", "gateway|principal", "Whose token `oauth` uses.", kLater},
    {"servers.*.tls", section, "", "", "", "Whom to trust at this server, and as whom to call it."},
    {"servers.*.tls.ca", path, "", "", "",
     "Certificates of the authorities to trust instead of the system's, PEM. Watched, like the other files."},
    {"servers.*.tls.cert", path, "", "", "", "Certificate to show, with its chain, PEM; with `key`."},
    {"servers.*.tls.key", text, "", "", "",
     "Its private key, PEM: a path, or a reference to the key itself."},
    {"servers.*.tls.verify", boolean, "true", "", "",
     "Whether the server must prove who it is. Without it anybody in between can read and change "
     "everything."},
    {"servers.*.tls.min_version", word, "1.2", "", "1.2|1.3", "Oldest version of TLS to speak."},
    {"servers.*.tools", section, "", "", "", "Changes to its tools."},
    {"servers.*.tools.hide", list, "", "", "", "Tools that are not shown and cannot be called."},
    {"servers.*.tools.hide[]", text, "", "", "", "A name, with `*`."},
    {"servers.*.tools.rename", table, "", "", "", "New names, by the server's own name."},
    {"servers.*.tools.rename.*", text, "", "", "", "The name shown."},
    {"servers.*.tools.describe", table, "", "", "", "New descriptions, by the server's own name."},
    {"servers.*.tools.describe.*", text, "", "", "", "The description shown."},
    {"servers.*.pin", word, "warn", "", "ignore|warn|quarantine", "When the catalogue changes.", kLater},
    {"servers.*.required", boolean, "false", "", "",
     "Not ready without it: `/readyz` fails while it is down."},
    {"servers.*.disabled", boolean, "false", "", "", "Keep the entry, do not start it."},
    {"servers.*.expose", boolean, "true", "", "", "Show it to agents; false for mirrors."},
};

}  // namespace

std::span<Option const> server_options() noexcept { return kServers; }

}  // namespace weir::config
