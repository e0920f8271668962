#include "watch/watch_book.hpp"

#include <utility>

namespace weir::watch {

bool WatchBook::has(std::string_view reader, std::string_view uri) const {
  auto const found = readers_.find(reader);
  return found != readers_.end() && found->second.uris.contains(uri);
}

void WatchBook::add(std::string const& reader, std::shared_ptr<Watcher> watcher, std::string const& uri,
                    std::string shown, Ticket ticket) {
  auto& entry = readers_[reader];
  if (!entry.watcher) entry.watcher = std::move(watcher);
  entry.uris.try_emplace(uri, Watch{{}, std::move(ticket)}).first->second.shown = std::move(shown);
  topics_[uri].insert(reader);
}

void WatchBook::leave_topic(std::string_view uri, std::string_view reader) {
  auto const topic = topics_.find(uri);
  if (auto const at = topic->second.find(reader); at != topic->second.end()) topic->second.erase(at);
  if (!topic->second.empty()) return;
  topics_.erase(topic);
  if (auto const owed = owed_.find(uri); owed != owed_.end()) owed_.erase(owed);
}

void WatchBook::remove(std::string_view reader, std::string_view uri) {
  auto const found = readers_.find(reader);
  if (found == readers_.end()) return;
  auto const watch = found->second.uris.find(uri);
  if (watch == found->second.uris.end()) return;
  leave_topic(uri, reader);
  found->second.uris.erase(watch);
  if (found->second.uris.empty()) readers_.erase(found);
}

void WatchBook::remove(std::string_view reader) {
  auto const found = readers_.find(reader);
  if (found == readers_.end()) return;
  for (auto const& [uri, watch] : found->second.uris) leave_topic(uri, reader);
  readers_.erase(found);
}

std::vector<std::string> WatchBook::uris() const {
  std::vector<std::string> all;
  all.reserve(topics_.size());
  for (auto const& [uri, readers] : topics_) all.push_back(uri);
  return all;
}

bool WatchBook::touch(std::string_view uri, std::string_view more) {
  if (!wanted(uri)) return false;
  owed_.insert_or_assign(std::string(uri), std::string(more));
  return true;
}

bool WatchBook::suspect(std::string_view uri) {
  if (!wanted(uri)) return false;
  owed_.try_emplace(std::string(uri));
  return true;
}

void WatchBook::tell(base::TimePoint now) {
  std::vector<std::string> over;
  for (auto const& [uri, more] : std::exchange(owed_, {})) {
    for (auto const& reader : topics_.find(uri)->second) {
      auto const& entry = readers_.find(reader)->second;
      if (!entry.watcher->updated(entry.uris.find(uri)->second.shown, more, now)) over.push_back(reader);
    }
  }
  for (auto const& reader : over) remove(reader);
}

}  // namespace weir::watch
