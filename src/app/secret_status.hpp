// What people may know of the secrets in use: made into JSON by the gateway, read and shown by `weir
// secrets`.
//
// Pure. No value of a secret gets here, but in what a store says of itself.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "secrets/secret_table.hpp"

namespace weir::app {

// What stores say goes where people read it: it is masked as in the log.
void mask_views(std::vector<secrets::SecretView>& views, std::function<void(std::string&)> const& mask);

struct VaultPlace {   // as it is configured; `weir secrets rotate` names it
  std::string space;  // namespace; may be empty
  std::string mount;
};
std::string secrets_json(std::vector<secrets::SecretView> const& views,
                         std::vector<config::SecretUse> const& uses, base::WallTime now,
                         VaultPlace const& vault = {});

struct SecretLine {
  std::string reference;  // "vault:mcp/x#token"
  std::string source;     // "vault"
  std::string space;      // of Vault: namespace, may be empty
  std::string mount;      // of Vault; an older gateway does not say
  std::string state;      // "ok", "new", "old", "refused", "failing", "rolled back", "unknown"
  std::string detail;     // why it is failing, or what to do
  std::string version;
  std::optional<long> age_days;
  std::string due;                      // "2026-09-01"; "" = not known
  std::vector<std::string> refused_by;  // "github", "the issuer of github": they use the one before
  std::vector<std::string> used_by;
  bool good() const noexcept { return state == "ok" || state == "new"; }
};
std::optional<std::vector<SecretLine>> read_secrets(
    std::string_view json);  // none: not an answer of a gateway

std::string render_secrets(std::vector<SecretLine> const& lines);
// What a person has to do to replace those secrets. Weir cannot: it does not know how their issuers are
// asked.
std::string render_rotation(std::vector<SecretLine> const& lines);

}  // namespace weir::app
