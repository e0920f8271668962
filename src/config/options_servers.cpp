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
     "`bearer` sends `token`, `header` sends `value` in `name`. `oauth` gets the gateway's own token, "
     "`exchange` one for each caller in place of what the caller has shown."},
    {"servers.*.auth.token", text, "", "", "", "Token of `bearer`; best a reference."},
    {"servers.*.auth.name", text, "", "", "", "Header of `header`."},
    {"servers.*.auth.value", text, "", "", "", "Value of `header`; best a reference."},
    {"servers.*.auth.grant", word, "client_credentials", "",
     "client_credentials|refresh_token|password|authorization_code|jwt_bearer",
     "How `oauth` gets its token; with `per: principal` the default is `authorization_code`. "
     "`authorization_code`: a person signs in with `weir server login`. "
     "`jwt_bearer`: the platform vouches for Weir. `password` is for issuers that know nothing better."},
    {"servers.*.auth.issuer", url, "", "", "", "Whose tokens they are; the token endpoint is found from it."},
    {"servers.*.auth.token_url", url, "", "", "", "The token endpoint, where it is not to be found out."},
    {"servers.*.auth.client_id", text, "", "", "", "The gateway's name at the issuer."},
    {"servers.*.auth.client_secret", text, "", "", "", "Its secret; best a reference."},
    {"servers.*.auth.client_auth", word, "auto", "", "auto|none|basic|post|private_key_jwt",
     "How the secret is shown; `auto` does as the issuer says. `private_key_jwt` is what `client_key` does."},
    {"servers.*.auth.client_key", text, "", "", "",
     "Its private key, instead of a secret (RFC 7523): PEM or a JSON Web Key, best a reference."},
    {"servers.*.auth.client_key_id", text, "", "", "",
     "`kid` of what the key signs; default: as the JSON Web Key says, else none."},
    {"servers.*.auth.client_key_algorithm", word, "", "",
     "RS256|RS384|RS512|PS256|PS384|PS512|ES256|ES384|ES512|EdDSA",
     "Default: as the JSON Web Key says, else RS256, ES256, ES384, ES512 or EdDSA, by the kind of key."},
    {"servers.*.auth.dpop", boolean, "false", "", "",
     "Whether tokens are bound to a key of Weir's, which each request then proves to hold (DPoP, RFC 9449). "
     "A "
     "bearer token is refused."},
    {"servers.*.auth.dpop_key", text, "", "", "",
     "That key: PEM or a JSON Web Key, best a reference. Default: one that is made at each start, or for "
     "each "
     "sign-in of a person, and kept with it."},
    {"servers.*.auth.dpop_algorithm", word, "", "",
     "RS256|RS384|RS512|PS256|PS384|PS512|ES256|ES384|ES512|EdDSA",
     "How it signs; default: as the JSON Web Key says, else the usual one of the key; ES256 where it is "
     "made."},
    {"servers.*.auth.scopes", list, "", "", "", "Scopes asked for; default: those that the server names."},
    {"servers.*.auth.scopes[]", text, "", "", "", "One scope."},
    {"servers.*.auth.resource", text, "", "", "",
     "What the token is for; default: the server's URL. `none` asks for no resource (RFC 8707)."},
    {"servers.*.auth.audience", text, "", "", "", "The server's name at issuers that go by names."},
    {"servers.*.auth.refresh_token", text, "", "", "", "Where `refresh_token` begins; best a reference."},
    {"servers.*.auth.refresh_file", path, "", "", "",
     "Where the tokens that replace it are kept, for the next start. Only the gateway may read it."},
    {"servers.*.auth.username", text, "", "", "", "Of `password`."},
    {"servers.*.auth.password", text, "", "", "", "Of `password`; best a reference."},
    {"servers.*.auth.assertion_file", path, "", "", "",
     "With `jwt_bearer`: the token that the platform gives Weir (RFC 7523), read at each use."},
    {"servers.*.auth.assertion", text, "", "", "", "The same token itself; best a reference."},
    {"servers.*.auth.assertion_audience", text, "", "", "",
     "How the issuer is called in it (`aud`); default: as `issuer`, or its token endpoint. An assertion for "
     "somebody else is not sent."},
    {"servers.*.auth.subject_token_type", word, "auto", "", "auto|access_token|id_token|jwt",
     "With `exchange`: what it is that callers show; `auto`: `id_token` with `enterprise`, else "
     "`access_token`."},
    {"servers.*.auth.client_document", url, "", "", "",
     "With `authorization_code`: address of a document about Weir, which is its name at issuers that read "
     "such."},
    {"servers.*.auth.redirect_port", integer, "0", "0..65535", "",
     "With `authorization_code`: port of the loopback that the browser comes back to; 0 takes a free one."},
    {"servers.*.auth.enterprise", section, "", "", "",
     "With `exchange`: the company's own issuer, which vouches for the caller."},
    {"servers.*.auth.enterprise.token_url", url, "", "", "", "Its token endpoint."},
    {"servers.*.auth.enterprise.client_id", text, "", "", "", "The gateway's name there."},
    {"servers.*.auth.enterprise.client_secret", text, "", "", "", "Its secret there; best a reference."},
    {"servers.*.auth.enterprise.client_auth", word, "auto", "", "auto|none|basic|post|private_key_jwt",
     "How the secret is shown there."},
    {"servers.*.auth.enterprise.client_key", text, "", "", "",
     "Its private key there, instead of a secret; best a reference."},
    {"servers.*.auth.enterprise.client_key_id", text, "", "", "", "`kid` of what the key signs."},
    {"servers.*.auth.enterprise.client_key_algorithm", word, "", "",
     "RS256|RS384|RS512|PS256|PS384|PS512|ES256|ES384|ES512|EdDSA", "As above."},
    {"servers.*.auth.per", word, "gateway", "", "gateway|principal",
     "Whose token `oauth` uses. With `principal` each caller of Weir has a sign-in of their own "
     "(`weir server login NAME --for WHO`); the grant is `authorization_code` then."},
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
    {"servers.*.pin", word, "warn", "", "ignore|warn|quarantine",
     "When a tool says something else of itself than when it was first seen, or hides characters: "
     "`quarantine` "
     "withholds it until somebody accepts it."},
    {"servers.*.required", boolean, "false", "", "",
     "Not ready without it: `/readyz` fails while it is down."},
    {"servers.*.disabled", boolean, "false", "", "", "Keep the entry, do not start it."},
    {"servers.*.expose", boolean, "true", "", "", "Show it to agents; false for mirrors."},
};

}  // namespace

std::span<Option const> server_options() noexcept { return kServers; }

}  // namespace weir::config
