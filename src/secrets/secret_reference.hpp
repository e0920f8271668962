// SecretReference: what stands in `${vault:path#key}`, `${aws-sm:name#key}`, `${file:/path}` or
// `${cred:name}`.
//
// A value. The document is what a store is asked for; the key picks one text out of it. Files and credentials
// are documents of one text, whose key is empty; so may be a secret of AWS (then it is its whole string).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::secrets {

enum class Store { file, cred, vault, aws };

struct SecretReference {
  Store store = Store::file;
  std::string document;  // "mcp/credentials", "/etc/key", "github"
  std::string key;       // "token"; "" = the whole

  static constexpr std::size_t kBytesMax = 1024;

  std::string document_name() const;  // "vault:mcp/credentials": what one question to a store is about
  std::string text() const;           // "vault:mcp/credentials#token"
  bool operator==(SecretReference const&) const = default;
};

// `text` is what stands between the braces, without a default. None: of another kind, empty, too long, with
// control characters, a path of Vault with `..`, or a reference to Vault without a key.
std::optional<SecretReference> parse_reference(std::string_view text);

std::string_view name_of(Store store) noexcept;  // "file", "cred", "vault", "aws-sm"

}  // namespace weir::secrets
