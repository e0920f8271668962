// Client files: the MCP servers that editors and agents already know, read into our own tree.
//
// A project's file can name commands, so it takes effect only after consent: its content hash is kept in
// $XDG_STATE_HOME/weir/trusted.json (else ~/.local/state/weir/). Same name and same target in two files merge
// silently; same name, different target keeps the first and warns with both. Our own URL is skipped.
// Unknown keys in these files belong to the client and are ignored.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/environment.hpp"
#include "config/node.hpp"
#include "config/problem.hpp"

namespace weir::config {

enum class ClientFormat {
  mcp_servers,
  vscode,
  codex,
  opencode,
  zed
};  // mcp_servers: `mcpServers` or a bare map

struct ClientFile {
  std::string path;   // absolute
  std::string shown;  // "~/.cursor/mcp.json", ".mcp.json"
  ClientFormat format = ClientFormat::mcp_servers;
  bool project = false;          // lies in a project, so it may be someone else's: needs consent
  bool named = false;            // by the user: that is consent, and what is wrong with it is an error
  std::string workspace_folder;  // what ${workspaceFolder} means in it
  std::string text;              // read once, so that what was consented to is what takes effect
  std::string failure;           // why it could not be read; text is empty then
};

// The known files that exist, read, nearest first: project files, then the user's.
std::vector<ClientFile> discover(Environment const& environment);

// A file named by the user (`--from FILE`, which is consent); the format is told by its content.
ClientFile named_file(std::string_view path, Environment const& environment);

// The servers of one file with our own names of keys; what cannot be understood is a warning and left out.
// `order` is the place of the file among all that were read.
std::vector<Member> servers_of(ClientFile const& file, unsigned order, Problems& problems);

std::string content_hash(std::string_view text);  // "sha256:…"

// What the user consented to. A plain value; one content hash per path.
class TrustStore {
 public:
  static TrustStore parse(std::string_view text);  // anything unreadable in it is simply not trusted
  bool needs_consent(std::string_view path, std::string_view hash) const;
  void remember(std::string path, std::string hash);
  std::string text() const;

 private:
  std::map<std::string, std::string, std::less<>> hash_by_path_;
};

std::string trust_path(Environment const& environment);
TrustStore load_trust(Environment const& environment);
base::Result<void> save_trust(TrustStore const& store, Environment& environment);

}  // namespace weir::config
