// StandbyFiles: the backup folders and default documents of all servers, and what they answer.
//
// One per process; any thread. A folder that several servers name is indexed once; one that no server names
// any more, after a reload, is let go of. All files are read by one thread of its own (fallback/file_thread).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "config/settings.hpp"
#include "fallback/backup_folder.hpp"
#include "fallback/fallback_layer.hpp"
#include "observe/log.hpp"

namespace weir::app {

class StandbyFiles {
 public:
  // Both outlive this and whatever it hands out.
  StandbyFiles(base::Clock const& clock, observe::Log& log) : log_(log), thread_(clock) {}

  // For the layers of one worker, which `here` outlives.
  std::shared_ptr<fallback::LocalAnswers> answers_for(config::Degradation const& degradation,
                                                      base::Scheduler& here);

 private:
  using ByPath = std::map<std::string, std::weak_ptr<fallback::BackupSource>, std::less<>>;
  template <class Make>
  std::shared_ptr<fallback::BackupSource> shared(ByPath& known, std::string const& path, Make make);

  observe::Log& log_;
  std::mutex lock_;  // of the maps
  ByPath folders_, documents_;
  fallback::FileThread thread_;
};

}  // namespace weir::app
