#include "base/frame_pool.hpp"

#include <array>
#include <atomic>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define WEIR_FRAME_POOL 0
#else
#define WEIR_FRAME_POOL 1
#endif

namespace weir::base {
namespace {

constexpr std::size_t kClassBytes = 64;
constexpr std::size_t kClasses = 32;  // frames above 2 KiB go to the heap
constexpr std::size_t kKeptPerClass = 512;

std::atomic<std::size_t> largest{0};

struct FreeFrame {
  FreeFrame* next;
};

class FreeLists {
 public:
  ~FreeLists() {
    for (auto& list : lists_) {
      while (list.head != nullptr) {
        FreeFrame* const frame = list.head;
        list.head = frame->next;
        ::operator delete(frame);
      }
    }
  }
  void* take(std::size_t index) noexcept {
    List& list = lists_[index];
    if (list.head == nullptr) return nullptr;
    FreeFrame* const frame = list.head;
    list.head = frame->next;
    --list.count;
    return frame;
  }
  bool keep(std::size_t index, void* memory) noexcept {
    List& list = lists_[index];
    if (list.count >= kKeptPerClass) return false;
    list.head = new (memory) FreeFrame{list.head};
    ++list.count;
    return true;
  }

 private:
  struct List {
    FreeFrame* head = nullptr;
    std::size_t count = 0;
  };
  std::array<List, kClasses> lists_;
};

thread_local FreeLists free_lists;

}  // namespace

void* frame_allocate(std::size_t bytes) {
  if (bytes > largest.load(std::memory_order_relaxed)) largest.store(bytes, std::memory_order_relaxed);
#if WEIR_FRAME_POOL
  std::size_t const index = (bytes - 1) / kClassBytes;
  if (index < kClasses) {
    if (void* const frame = free_lists.take(index)) return frame;
    return ::operator new((index + 1) * kClassBytes);
  }
#endif
  return ::operator new(bytes);
}

void frame_release(void* frame, [[maybe_unused]] std::size_t bytes) noexcept {
#if WEIR_FRAME_POOL
  std::size_t const index = (bytes - 1) / kClassBytes;
  if (index < kClasses && free_lists.keep(index, frame)) return;
#endif
  ::operator delete(frame);
}

std::size_t frame_bytes_largest() noexcept { return largest.load(std::memory_order_relaxed); }

}  // namespace weir::base
