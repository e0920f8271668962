#include "config/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/load_steps.hpp"
#include "config/option_table.hpp"

namespace weir::config {
namespace {

constexpr std::size_t kFilesMax = 256;

struct Run {
  Sources const& sources;
  Environment const& environment;
  Problems& problems;
  unsigned order = 0;  // of the next text
  std::vector<Node> files;
  std::vector<Overlay> overlays;
  std::vector<ClientServer> clients;
  ExpandOutcome expanded;
};

std::string folder_of(std::string const& path) { return path.substr(0, path.rfind('/')); }

// Null if it cannot be read or has a syntax error; both are reported. `mark` is where the file is asked for.
Node read_file(Run& run, std::string const& path, Mark mark) {
  auto text = run.environment.read(path, kBytesMax);
  auto const source =
      make_source(shown_path(path, run.environment), text ? std::move(*text) : "", run.order++);
  if (text) return read_by_name(source, run.problems);
  if (!mark.source) mark = Mark{source, 0, 0, 1};
  auto const large = text.error().fault == base::Fault::too_large;
  run.problems.error(large ? "WEIR-E002" : "WEIR-E001", mark,
                     fmt::format("`{}` cannot be read: {}", source->name, text.error().detail));
  return {};
}

void read_includes(Run& run, Node const& root, std::string const& folder) {
  auto const* list = root.find("include");
  if (list == nullptr || !list->is_sequence()) return;
  for (auto const& item : list->items) {
    if (!item.is_scalar() || item.text.empty()) continue;
    auto pattern = item.text;
    if (!pattern.starts_with('/') && !pattern.starts_with("~/")) pattern = folder + "/" + pattern;
    auto paths = run.environment.glob(run.environment.absolute(pattern));
    bool const open = pattern.find_first_of("*?[") != std::string::npos;
    if (paths.empty() && !open) paths.push_back(run.environment.absolute(pattern));
    for (auto const& path : paths) {
      if (run.files.size() >= kFilesMax) return;
      auto included = read_file(run, path, item.mark);
      if (auto const* more = included.find("include")) {
        run.problems.error("WEIR-E026", more->mark, "an included file cannot include others").fix =
            "list them all in the first file";
      }
      run.files.push_back(std::move(included));
    }
  }
}

void read_all(Run& run) {
  for (auto const& path : run.sources.files) {
    if (run.files.size() >= kFilesMax) return;
    auto const absolute = run.environment.absolute(path);
    auto root = read_file(run, absolute, {});
    run.files.push_back(std::move(root));
    read_includes(run, Node(run.files.back()), folder_of(absolute));
  }
}

std::size_t count_servers(Run const& run) {
  std::set<std::string_view> names;
  auto const add = [&](Node const& root) {
    if (auto const* servers = root.find("servers")) {
      for (auto const& member : servers->members) names.insert(member.key);
    }
  };
  for (auto const& file : run.files) add(file);
  for (auto const& overlay : run.overlays) add(overlay.tree);
  for (auto const& client : run.clients) names.insert(client.server.key);
  return names.size();
}

void prepare(Run& run, Node& tree, std::string workspace, std::size_t servers, Problems& problems) {
  expand_tree(tree, {run.environment, std::move(workspace), servers}, run.expanded, problems);
  validate(tree, problems);
}

// A client's server is checked like ours, but what is wrong with it only sets it aside.
Node client_tree(Run& run, ClientServer& client, std::size_t servers) {
  Node tree;
  tree.kind = Node::Kind::map;
  Node map = tree;
  auto const name = client.server.key;
  map.members.push_back(std::move(client.server));
  tree.members.push_back(Member{"servers", map.members.front().mark, std::move(map)});
  Problems inner;
  prepare(run, tree, client.file->workspace_folder, servers, inner);
  check_servers(tree, run.environment, inner);
  for (auto problem : inner.sorted()) {
    if (problem.severity == Severity::error) run.expanded.unusable.emplace(name, problem.message);
    problem.confined = true;
    run.problems.add(problem.severity, problem.code, problem.mark, problem.message) = problem;
  }
  return tree;
}

Node merge_all(Run& run) {
  auto const servers = count_servers(run);
  Node root;
  root.kind = Node::Kind::map;
  for (auto& file : run.files) {
    auto const* source = file.mark.source.get();
    auto const path = source != nullptr ? run.environment.absolute(source->name) : std::string();
    prepare(run, file, folder_of(path), servers, run.problems);
    merge_files(root, std::move(file), run.problems);
  }
  for (auto& overlay : run.overlays) {
    prepare(run, overlay.tree, run.environment.working_directory(), servers, run.problems);
    merge_overlay(root, std::move(overlay));
  }
  if (!root.is_map()) root = Node{};
  root.kind = Node::Kind::map;
  return root;
}

void add_provenance(Run const& run, Node const& root, Settings& settings) {
  auto const* servers = root.find("servers");
  if (servers == nullptr) return;
  for (auto const& member : servers->members) {
    auto& provenance = settings.provenance[member.key];
    provenance.mark = member.mark;
    if (member.mark.source) provenance.file = member.mark.source->name;
  }
  for (auto const& client : run.clients) {
    if (auto const found = settings.provenance.find(client.server.key); found != settings.provenance.end()) {
      found->second.also = client.also;
    }
  }
}

// What a check prints may go to a log or a pull request: it says `${TOKEN}`, not what that was here.
void hide_values(Run& run) {
  std::vector<std::pair<std::string_view, std::string>> hidden;
  for (auto const& [name, value] : run.expanded.variables)
    hidden.emplace_back(value.reveal(), "${" + name + "}");
  for (auto const& secret : run.expanded.secrets) hidden.emplace_back(secret.reveal(), "***");
  // One may be the beginning of another; of equal ones the variable has a name to show.
  std::stable_sort(hidden.begin(), hidden.end(),
                   [](auto const& a, auto const& b) { return a.first.size() > b.first.size(); });
  for (auto const& [value, shown] : hidden) run.problems.hide(value, shown);
}

// A server's `env` has been looked at; what is left of its variables stands in its `envFile`.
void add_of_env_files(Node const& root, Server const& server, std::vector<base::Secret>& secrets) {
  auto const* servers = root.find("servers");
  auto const* node = servers == nullptr ? nullptr : servers->find(server.name);
  auto const* own = node == nullptr ? nullptr : node->find("env");
  for (auto const& [name, value] : server.env) {
    if (own != nullptr && own->find(name) != nullptr) continue;
    Path const path{"servers", server.name, "env", name};
    keep_credentials(value.reveal(), {path}, true, secrets);
  }
}

void add_secrets(Run& run, Node const& root, Settings& settings) {
  settings.secrets = std::move(run.expanded.secrets);
  settings.references = std::move(run.expanded.references);
  for (auto const* const own : {&settings.stores.vault.token, &settings.stores.vault.secret_id}) {
    if (!own->empty()) settings.secrets.push_back(*own);
  }
  for (auto const& server : settings.servers) add_of_env_files(root, server, settings.secrets);
  std::set<std::string_view> seen;  // of bytes that do not move with their owner
  std::erase_if(settings.secrets,
                [&](base::Secret const& secret) { return !seen.insert(secret.reveal()).second; });
}

}  // namespace

std::string shown_path(std::string_view path, Environment const& environment) {
  auto const below = [&](std::string const& folder, std::string_view instead) -> std::optional<std::string> {
    if (folder.empty() || !path.starts_with(folder + "/")) return {};
    return std::string(instead) + std::string(path.substr(folder.size() + 1));
  };
  if (auto const relative = below(environment.working_directory(), "")) return *relative;
  if (auto const in_home = below(environment.home(), "~/")) return *in_home;
  return std::string(path);
}

std::vector<std::string> find_files(std::string_view flag_config, Environment const& environment) {
  if (!flag_config.empty()) return {std::string(flag_config)};
  if (auto const named = environment.variable("WEIR_CONFIG"); named && !named->empty())
    return {std::string(*named)};
  std::vector<std::string> candidates{"weir.yaml"};
  auto const xdg = environment.variable("XDG_CONFIG_HOME");
  bool const has_xdg = xdg && xdg->starts_with('/');
  if (has_xdg) candidates.push_back(std::string(*xdg) + "/weir/weir.yaml");
  if (!has_xdg && !environment.home().empty())
    candidates.push_back(environment.home() + "/.config/weir/weir.yaml");
  for (auto const& path : candidates) {
    if (environment.exists(path)) return {path};
  }
  std::vector<std::string> files;
  if (environment.exists("/etc/weir/weir.yaml")) files.emplace_back("/etc/weir/weir.yaml");
  for (auto& path : environment.glob("/etc/weir/conf.d/*.yaml")) files.push_back(std::move(path));
  return files;
}

Loaded load(Sources const& sources, Environment const& environment, Problems& problems) {
  Run run{sources, environment, problems, 0, {}, {}, {}, {}};
  read_all(run);
  run.overlays = overlays(sources, environment, 1000, problems);

  // Names and listeners of our own files decide what client files may add.
  Node preview;
  preview.kind = Node::Kind::map;
  Problems ignored;
  for (auto const& file : run.files) merge_files(preview, Node(file), ignored);
  for (auto const& overlay : run.overlays) merge_overlay(preview, Overlay(overlay));
  run.clients = collect_client_servers(sources, preview, run.order, problems);

  auto const servers = count_servers(run);
  std::vector<Node> client_trees;
  for (auto& client : run.clients) {
    ClientServer copy = client;
    client_trees.push_back(client_tree(run, copy, servers));
  }
  auto root = merge_all(run);
  check_servers(root, environment, problems);
  for (auto& tree : client_trees) merge_files(root, std::move(tree), ignored);
  auto settings = read_settings(root, environment);
  check_settings(root, settings, sources, environment, problems);
  hide_values(run);  // the reasons below are those of problems
  confine_misfits(root, run.expanded, problems, settings.misfits);
  for (auto& server : settings.servers) {
    auto const reason = run.expanded.unusable.find(server.name);
    if (reason != run.expanded.unusable.end() && server.unusable.empty()) server.unusable = reason->second;
  }
  add_provenance(run, root, settings);
  if (sources.inspect) sources.inspect(settings, problems);
  hide_values(run);
  add_secrets(run, root, settings);
  return {std::move(settings), std::move(root)};
}

CheckReport check(Sources const& sources, Environment const& environment) {
  Problems problems;
  auto loaded = load(sources, environment, problems);
  CheckReport report{problems.sorted(), std::move(loaded.settings), std::move(loaded.tree), 0};
  constexpr int kConfigInvalid = 78;
  constexpr int kFileMissing = 66;
  bool const bad = problems.has_errors() || (sources.strict && problems.count(Severity::warning) > 0);
  if (bad) report.exit_code = kConfigInvalid;
  bool const missing =
      std::any_of(report.problems.begin(), report.problems.end(), [](Problem const& problem) {
        return problem.severity == Severity::error && problem.code == "WEIR-E001" && problem.mark.line == 0 &&
               !problem.confined;
      });
  if (missing) report.exit_code = kFileMissing;
  return report;
}

}  // namespace weir::config
