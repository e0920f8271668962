#include "app/standby_files.hpp"

namespace weir::app {

// Made once for all workers; whoever asks first makes it.
template <class Make>
std::shared_ptr<fallback::BackupSource> StandbyFiles::shared(ByPath& known, std::string const& path,
                                                             Make make) {
  if (path.empty()) return nullptr;
  std::lock_guard const guard(lock_);
  auto& place = known[path];
  if (auto held = place.lock()) return held;
  std::erase_if(known, [&](auto const& one) { return one.second.expired() && one.first != path; });
  auto made = make();
  known[path] = made;
  return made;
}

std::shared_ptr<fallback::LocalAnswers> StandbyFiles::answers_for(config::Degradation const& degradation,
                                                                  base::Scheduler& here) {
  auto const& path = degradation.backup_path;
  auto backup = shared(folders_, path, [&]() -> std::shared_ptr<fallback::BackupSource> {
    fallback::BackupOptions options(path);
    options.log = [log = &log_](std::string_view event, std::string_view text) {
      log->event(observe::Level::warn, event, text);
    };
    return std::make_shared<fallback::BackupFolder>(thread_, std::move(options));
  });
  auto const& file = degradation.standards_path;
  auto standard = shared(documents_, file, [&]() -> std::shared_ptr<fallback::BackupSource> {
    return std::make_shared<fallback::DefaultDocument>(thread_, file);
  });
  return std::make_shared<fallback::ServerAnswers>(here, degradation.server, std::move(backup),
                                                   std::move(standard));
}

}  // namespace weir::app
