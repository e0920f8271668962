// expand(): replaces `${…}` references in one text. One pass: what one yields is not looked at again.
//
//   ${VAR} ${env:VAR}   environment variable          ${file:/path}  the file's text, last line end removed,
//   ≤ 64 KiB
//   ${input:id}         $WEIR_INPUT_id                ${cred:name}   $CREDENTIALS_DIRECTORY/name,
//   /run/secrets/name
//   ${vault:path#key}   HashiCorp Vault, KV version 2      ${aws-sm:name#key}   AWS Secrets Manager; without
//   #key the whole text. Both as the environment keeps them: nothing is asked here, and they have no default.
//   ${workspaceFolder}  folder of the project         ${userHome}    home folder
//   ${…:-default}       used when there is no value or an empty one       $${   a literal ${
// Everything else after `${` is an error, `${cmd:…}` on purpose. `$VAR` is left alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "config/environment.hpp"

namespace weir::config {

struct Expansion {
  enum class Fault {
    none,
    unset,
    unreadable,
    malformed,
    forbidden,
    elsewhere
  };  // elsewhere: not looked up here
  struct Failure {
    Fault fault;
    std::string reference;  // as written, `${TOKEN}`
    std::size_t offset;     // in the text given
    std::string why;        // one clause: "is not set", "cannot be read: no such file"
    std::string fix;
  };

  base::Secret value;                   // failed references stay as written
  std::vector<base::Secret> secrets;    // values that came from file:, cred:, input: and stores
  std::vector<std::string> references;  // to what may change: "file:/path", "vault:a#k", also without a value
  struct Variable {
    std::string name;
    base::Secret value;
  };
  std::vector<Variable> variables;  // what came from the environment; secret or not depends on the names
  std::vector<Failure> failures;
};

bool has_reference(std::string_view text) noexcept;  // holds `${` at all, escaped ones included
Expansion expand(std::string_view text, Environment const& environment, std::string_view workspace_folder);

}  // namespace weir::config
