#include "app/kept_environment.hpp"

#include <fmt/format.h>

namespace weir::app {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

constexpr std::size_t kSecretBytesMax = 64 * 1024;  // what may be no larger is a secret: not remembered

}  // namespace

Result<std::string> KeptEnvironment::read(std::string const& path, std::size_t bytes_max) const {
  auto const known = texts_.find(path);
  if (replaying_ && known != texts_.end()) return known->second;
  auto text = machine_.read(path, bytes_max);
  if (bytes_max > kSecretBytesMax) texts_.insert_or_assign(path, text);
  return text;
}

std::vector<std::string> KeptEnvironment::glob(std::string const& pattern) const {
  auto const known = lists_.find(pattern);
  if (replaying_ && known != lists_.end()) return known->second;
  return lists_[pattern] = machine_.glob(pattern);
}

Result<base::Secret> KeptEnvironment::kept(std::string_view reference) const {
  auto const parsed = secrets::parse_reference(reference);
  if (!parsed) return Error(Fault::unavailable, Blame::gateway, "it does not name a secret");
  if (auto const* const value = table_.value(*parsed)) return *value;
  if (auto const alarm = table_.alarm(*parsed); !alarm.empty()) {
    return Error(Fault::unavailable, Blame::upstream, alarm);
  }
  auto const left_out = left_out_.find(reference);
  if (left_out != left_out_.end() && left_out->second == LeftOut::disabled)
    return Error(Fault::starting, Blame::gateway, "is not asked for: its server is disabled");
  if (left_out != left_out_.end()) {
    return Error(Fault::unavailable, Blame::gateway,
                 fmt::format("Weir keeps at most {} secrets, and others come first; refer to fewer, or serve "
                             "some of the servers with a Weir of their own",
                             table_.most()));
  }
  return Error(Fault::starting, Blame::gateway, "has not been asked for yet");
}

}  // namespace weir::app
