// FaultyDisk: an SQLite file system that refuses, fills up or hangs when a test says so.
//
// Registered once per process under kName; its switches are global, so one test at a time uses it. It has no
// shared memory, as the store needs none.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace weir::store {

class FaultyDisk {
 public:
  static constexpr char const* kName = "weir-faulty";

  enum class Mode { sound, full, broken_writes, broken_reads, broken };
  static inline std::atomic<Mode> mode{Mode::sound};
  static inline std::atomic<int> writes_left{-1};  // then the mode counts; below 0: it counts at once

  static void install();
  static void hang();  // reads and writes wait
  static void release();
  static void wait_until_it_hangs();  // somebody waits

  // For the operations: waits while it hangs; then what to answer, or SQLITE_OK.
  static int verdict(bool writing);

 private:
  static inline std::mutex lock_;
  static inline std::condition_variable changed_;
  static inline bool hanging_ = false;
  static inline int held_ = 0;
};

// Sets the switches back, whatever the test does.
struct FaultyDiskUse {
  FaultyDiskUse() { FaultyDisk::install(); }
  ~FaultyDiskUse() {
    FaultyDisk::release();
    FaultyDisk::mode = FaultyDisk::Mode::sound;
    FaultyDisk::writes_left = -1;
  }
};

namespace detail {

struct FaultyFile : sqlite3_file {
  sqlite3_file* real() noexcept { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

inline sqlite3_file* real(sqlite3_file* file) noexcept { return static_cast<FaultyFile*>(file)->real(); }
inline sqlite3_vfs* real_vfs() noexcept { return sqlite3_vfs_find("unix"); }

inline sqlite3_io_methods const& faulty_methods() {
  static sqlite3_io_methods const kMethods = [] {
    sqlite3_io_methods m{};
    m.iVersion = 1;
    m.xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); };
    m.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
      int const verdict = FaultyDisk::verdict(false);
      return verdict == SQLITE_OK ? real(f)->pMethods->xRead(real(f), to, size, at) : verdict;
    };
    m.xWrite = [](sqlite3_file* f, void const* from, int size, sqlite3_int64 at) {
      int const verdict = FaultyDisk::verdict(true);
      return verdict == SQLITE_OK ? real(f)->pMethods->xWrite(real(f), from, size, at) : verdict;
    };
    m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      return real(f)->pMethods->xTruncate(real(f), size);
    };
    m.xSync = [](sqlite3_file* f, int flags) {
      int const verdict = FaultyDisk::verdict(true);
      return verdict == SQLITE_OK ? real(f)->pMethods->xSync(real(f), flags) : SQLITE_IOERR_FSYNC;
    };
    m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
      return real(f)->pMethods->xFileSize(real(f), size);
    };
    m.xLock = [](sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); };
    m.xUnlock = [](sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); };
    m.xCheckReservedLock = [](sqlite3_file* f, int* out) {
      return real(f)->pMethods->xCheckReservedLock(real(f), out);
    };
    m.xFileControl = [](sqlite3_file* f, int op, void* arg) {
      return real(f)->pMethods->xFileControl(real(f), op, arg);
    };
    m.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
    m.xDeviceCharacteristics = [](sqlite3_file* f) {
      return real(f)->pMethods->xDeviceCharacteristics(real(f));
    };
    return m;
  }();
  return kMethods;
}

inline int open_faulty(sqlite3_vfs*, char const* name, sqlite3_file* file, int flags, int* out) {
  file->pMethods = nullptr;
  auto* const vfs = real_vfs();
  int const code = vfs->xOpen(vfs, name, real(file), flags, out);
  if (real(file)->pMethods != nullptr) file->pMethods = &faulty_methods();
  return code;
}

}  // namespace detail

inline void FaultyDisk::install() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made = *detail::real_vfs();
    made.zName = kName;
    made.pNext = nullptr;
    made.szOsFile += static_cast<int>(sizeof(detail::FaultyFile));
    made.xOpen = &detail::open_faulty;
    return made;
  }();
  sqlite3_vfs_register(&vfs, 0);
}

inline void FaultyDisk::hang() {
  std::lock_guard const guard(lock_);
  hanging_ = true;
}

inline void FaultyDisk::release() {
  std::lock_guard const guard(lock_);
  hanging_ = false;
  changed_.notify_all();
}

inline void FaultyDisk::wait_until_it_hangs() {
  std::unique_lock guard(lock_);
  changed_.wait(guard, [] { return held_ > 0; });
}

inline int FaultyDisk::verdict(bool writing) {
  std::unique_lock guard(lock_);
  if (hanging_) {
    ++held_;
    changed_.notify_all();
    changed_.wait(guard, [] { return !hanging_; });
    --held_;
  }
  if (mode == Mode::sound) return SQLITE_OK;
  if (writes_left > 0 && writing) --writes_left;
  if (writes_left > 0) return SQLITE_OK;
  if (!writing) return mode == Mode::broken_reads || mode == Mode::broken ? SQLITE_IOERR_READ : SQLITE_OK;
  if (mode == Mode::full) return SQLITE_FULL;
  return mode == Mode::broken_writes || mode == Mode::broken ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

}  // namespace weir::store
