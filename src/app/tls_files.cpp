#include "app/tls_files.hpp"

#include <fmt/core.h>

namespace weir::app {
namespace {

// Nothing when it could be read, or none is configured.
std::optional<TlsTrouble> read_into(std::string& text, std::string const& key, std::string const& path,
                                    config::Environment const& environment) {
  if (path.empty()) return std::nullopt;
  auto read = environment.read(path, TlsFiles::kFileBytesMax);
  if (!read) {
    return TlsTrouble{key, path, "cannot be read: " + read.error().detail,
                      "put the file there, readable by the user that Weir runs as"};
  }
  text = std::move(*read);
  if (text.empty()) return TlsTrouble{key, path, "is empty", "write it again, as PEM"};
  return std::nullopt;
}

std::string subject(TlsTrouble const& trouble) {
  return trouble.file.empty() ? "the private key" : "`" + trouble.file + "`";
}

config::Mark mark_of(TlsTrouble const& trouble, std::string const& place, config::Settings const& settings) {
  auto const found = settings.tls_marks.find(place + ".tls." + trouble.key);
  return found == settings.tls_marks.end() ? config::Mark{} : found->second;
}

}  // namespace

TlsFiles files_of(std::string const& server, config::ServerTls const& tls) {
  return {"servers." + server, "ca", tls.ca, tls.cert, tls.key, tls.verify, tls.only_13};
}

TlsFiles files_of(std::size_t listener, config::ListenerTls const& tls) {
  return {
      "listeners." + std::to_string(listener), "client_ca", tls.client_ca, tls.cert, tls.key, true, false};
}

TlsReading read_tls(TlsFiles const& files, config::Environment const& environment, base::WallTime now) {
  TlsReading reading;
  auto& profile = reading.profile;
  profile.verify = files.verify;
  profile.only_13 = files.only_13;
  std::string key;
  auto const wipe = [&key] { explicit_bzero(key.data(), key.size()); };
  auto const keep = [&reading](std::optional<TlsTrouble> trouble) {
    if (trouble && reading.trouble) reading.more.push_back(std::move(*trouble));
    if (!reading.trouble) reading.trouble = std::move(trouble);
  };
  keep(read_into(profile.authorities, files.authorities_key, files.authorities, environment));
  keep(read_into(profile.chain, "cert", files.chain, environment));
  keep(read_into(key, "key", files.key.path, environment));
  profile.key = files.key.path.empty() ? files.key.text : base::Secret(key);
  wipe();
  if (reading.trouble) return reading;
  auto const flaw = net::flaw_of(profile, now);
  if (!flaw) return reading;
  switch (flaw->part) {
    case net::TlsPart::authorities:
      reading.trouble = TlsTrouble{files.authorities_key, files.authorities, flaw->what, flaw->fix};
      break;
    case net::TlsPart::chain: reading.trouble = TlsTrouble{"cert", files.chain, flaw->what, flaw->fix}; break;
    case net::TlsPart::key: reading.trouble = TlsTrouble{"key", files.key.path, flaw->what, flaw->fix}; break;
  }
  return reading;
}

std::string told(TlsTrouble const& trouble, std::string const& place, config::Settings const& settings) {
  auto const mark = mark_of(trouble, place, settings);
  std::string where;
  if (mark.source)
    where = fmt::format("{}:{}:{}: ", mark.source->name, mark.line, config::shown_column(mark));
  return fmt::format("{}{} {}; {}", where, subject(trouble), trouble.what, trouble.fix);
}

void inspect_tls(config::Settings const& settings, config::Environment const& environment, base::WallTime now,
                 config::Problems& problems) {
  auto const tell = [&](TlsTrouble const& trouble, std::string const& place, bool confined) {
    auto& problem = problems.error("WEIR-E056", mark_of(trouble, place, settings),
                                   fmt::format("{} {}", subject(trouble), trouble.what));
    problem.fix = trouble.fix;
    problem.confined = confined;
    if (confined) problem.notes.emplace_back("the server is set aside, the others start");
  };
  auto const look = [&](TlsFiles const& files, bool confined) {
    auto const reading = read_tls(files, environment, now);
    if (reading.trouble) tell(*reading.trouble, files.place, confined);
    for (auto const& trouble : reading.more) tell(trouble, files.place, confined);
  };
  for (auto const& [name, tls] : settings.server_tls) {
    auto const* const server = settings.server(name);
    // What is not set looks like a missing key; that it is not set has been said.
    if (server != nullptr && !server->disabled && server->unusable.empty()) look(files_of(name, tls), true);
  }
  for (std::size_t i = 0; i < settings.listeners.size(); ++i) {
    auto const& tls = settings.listeners[i].tls;
    if (!tls || tls->cert.empty() || tls->key == config::KeySource{}) continue;  // reported already
    look(files_of(i, *tls), false);
  }
}

}  // namespace weir::app
