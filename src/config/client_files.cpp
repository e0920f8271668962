// Which client files exist, and what the user consented to.
#include "config/client_files.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "config/json_text.hpp"
#include "config/load_steps.hpp"

namespace weir::config {
namespace {

constexpr std::size_t kTrustedMax = 1000;

struct Known {
  std::string_view path;  // below the project's folder, or below the home or the configuration folder
  ClientFormat format;
};

constexpr Known kProject[] = {
    {".mcp.json", ClientFormat::mcp_servers},   {".cursor/mcp.json", ClientFormat::mcp_servers},
    {".vscode/mcp.json", ClientFormat::vscode}, {"opencode.json", ClientFormat::opencode},
    {"opencode.jsonc", ClientFormat::opencode},
};
constexpr Known kHome[] = {
    {".claude.json", ClientFormat::mcp_servers},
    {".cursor/mcp.json", ClientFormat::mcp_servers},
    {".codeium/windsurf/mcp_config.json", ClientFormat::mcp_servers},
    {".codex/config.toml", ClientFormat::codex},
};
constexpr Known kConfig[] = {
    {"Claude/claude_desktop_config.json", ClientFormat::mcp_servers},
    {"Code/User/mcp.json", ClientFormat::vscode},
    {"opencode/opencode.json", ClientFormat::opencode},
    {"opencode/opencode.jsonc", ClientFormat::opencode},
    {"zed/settings.json", ClientFormat::zed},
};

std::string folder_from(Environment const& environment, std::string_view variable,
                        std::string_view below_home) {
  if (auto const folder = environment.variable(variable); folder && folder->starts_with('/'))
    return std::string(*folder);
  return fmt::format("{}/{}", environment.home(), below_home);
}

void read_into(ClientFile& file, Environment const& environment) {
  auto text = environment.read(file.path, kClientBytesMax);
  if (text) {
    file.text = std::move(*text);
  } else {
    file.failure = text.error().detail;
  }
}

void find(std::span<Known const> known, std::string const& folder, bool project,
          Environment const& environment, std::vector<ClientFile>& out) {
  for (auto const& [path, format] : known) {
    ClientFile file;
    file.path = fmt::format("{}/{}", folder, path);
    if (!environment.exists(file.path)) continue;
    file.shown = shown_path(file.path, environment);
    file.format = format;
    file.project = project;
    file.workspace_folder = environment.working_directory();
    read_into(file, environment);
    bool const twice =
        std::any_of(out.begin(), out.end(), [&](ClientFile const& other) { return other.path == file.path; });
    if (!twice) out.push_back(std::move(file));
  }
}

}  // namespace

std::vector<ClientFile> discover(Environment const& environment) {
  std::vector<ClientFile> files;
  auto const here = environment.working_directory();
  auto const home = environment.home();
  if (here != home) find(kProject, here, true, environment, files);
  if (home.empty()) return files;
  find(kHome, home, false, environment, files);
  find(kConfig, folder_from(environment, "XDG_CONFIG_HOME", ".config"), false, environment, files);
  return files;
}

ClientFile named_file(std::string_view path, Environment const& environment) {
  ClientFile file;
  file.path = environment.absolute(path);
  file.shown = std::string(path);
  file.named = true;
  auto const folder = file.path.substr(0, file.path.rfind('/'));
  auto const last = folder.substr(folder.rfind('/') + 1);
  bool const inside = last == ".cursor" || last == ".vscode";
  file.workspace_folder = inside ? folder.substr(0, folder.rfind('/')) : folder;
  file.format = file.path.ends_with(".toml")                            ? ClientFormat::codex
                : last == ".vscode" || last == "User"                   ? ClientFormat::vscode
                : last == "zed"                                         ? ClientFormat::zed
                : file.path.find("/opencode.json") != std::string::npos ? ClientFormat::opencode
                                                                        : ClientFormat::mcp_servers;
  read_into(file, environment);
  return file;
}

std::string content_hash(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) return {};
  std::string out = "sha256:";
  for (unsigned i = 0; i < length; ++i) out += fmt::format("{:02x}", static_cast<unsigned>(digest[i]));
  return out;
}

TrustStore TrustStore::parse(std::string_view text) {
  TrustStore store;
  Problems ignored;
  auto const root = read_json(make_source("trusted.json", std::string(text), 0), ignored);
  auto const* files = root.find("files");
  if (files == nullptr) return store;
  for (auto const& member : files->members) {
    if (member.value.is_scalar() && store.hash_by_path_.size() < kTrustedMax) {
      store.hash_by_path_[member.key] = member.value.text;
    }
  }
  return store;
}

bool TrustStore::needs_consent(std::string_view path, std::string_view hash) const {
  auto const found = hash_by_path_.find(path);
  return hash.empty() || found == hash_by_path_.end() || found->second != hash;
}

void TrustStore::remember(std::string path, std::string hash) {
  if (hash_by_path_.size() >= kTrustedMax && !hash_by_path_.contains(path))
    hash_by_path_.erase(hash_by_path_.begin());
  hash_by_path_[std::move(path)] = std::move(hash);
}

std::string TrustStore::text() const {
  std::string out = "{\"version\": 1, \"files\": {";
  bool first = true;
  for (auto const& [path, hash] : hash_by_path_) {
    out += first ? "\n  " : ",\n  ";
    first = false;
    append_json(out, path);
    out += ": ";
    append_json(out, hash);
  }
  return out + "\n}}\n";
}

std::string trust_path(Environment const& environment) {
  auto const variable = environment.variable("STATE_DIRECTORY");  // of a systemd service; may list several
  if (variable && variable->starts_with('/'))
    return std::string(variable->substr(0, variable->find(':'))) + "/trusted.json";
  return folder_from(environment, "XDG_STATE_HOME", ".local/state") + "/weir/trusted.json";
}

TrustStore load_trust(Environment const& environment) {
  auto const text = environment.read(trust_path(environment), kBytesMax);
  return text ? TrustStore::parse(*text) : TrustStore{};
}

base::Result<void> save_trust(TrustStore const& store, Environment& environment) {
  return environment.write(trust_path(environment), store.text());
}

}  // namespace weir::config
