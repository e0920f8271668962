#include "config/environment.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace weir::config {
namespace {

base::Error not_there() { return {base::Fault::not_found, base::Blame::client, "no such file"}; }

}  // namespace

std::optional<std::string_view> Environment::variable(std::string_view name) const {
  auto const found = variables().find(name);
  if (found == variables().end()) return {};
  return found->second;
}

base::Result<base::Secret> Environment::kept(std::string_view) const {
  return base::Error(base::Fault::unsupported, base::Blame::gateway, "is looked up when the gateway runs");
}

std::string Environment::home() const { return std::string(variable("HOME").value_or("")); }

std::string Environment::absolute(std::string_view path) const {
  if (path.starts_with('/')) return std::string(path);
  if (path == "~" || path.starts_with("~/")) return home() + std::string(path.substr(1));
  while (path.starts_with("./")) path.remove_prefix(2);
  return working_directory() + "/" + std::string(path);
}

base::Result<std::string> MemoryEnvironment::read(std::string const& path, std::size_t bytes_max) const {
  auto const found = files.find(absolute(path));
  if (found == files.end()) return not_there();
  if (found->second.size() > bytes_max)
    return base::Error{base::Fault::too_large, base::Blame::client, "too large"};
  return found->second;
}

bool MemoryEnvironment::exists(std::string const& path) const {
  auto const wanted = absolute(path);
  auto const folder = wanted.ends_with('/') ? wanted : wanted + "/";
  return std::any_of(files.begin(), files.end(), [&](auto const& file) {
    return file.first == wanted || file.first.starts_with(folder);
  });
}

std::vector<std::string> MemoryEnvironment::glob(std::string const& pattern) const {
  std::vector<std::string> found;
  auto const wanted = absolute(pattern);
  for (auto const& [path, text] : files) {
    if (fnmatch(wanted.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0) found.push_back(path);
  }
  return found;
}

base::Result<void> MemoryEnvironment::write(std::string const& path, std::string_view text) {
  files[absolute(path)] = text;
  return {};
}

}  // namespace weir::config
