// Doubly linked list whose links live in the elements: no allocation, O(1) removal, an element leaves when it
// dies.
//
// One thread (or one lock). The list owns nothing. An element is in at most one list per hook.
#pragma once

#include <cstddef>

namespace weir::base {

class ListHook {
 public:
  ListHook() = default;
  ListHook(ListHook const&) = delete;
  ListHook& operator=(ListHook const&) = delete;
  ~ListHook() { unlink(); }

  bool linked() const noexcept { return next_ != nullptr; }
  void unlink() noexcept {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    next_ = prev_ = nullptr;
  }

 private:
  template <class T>
  friend class IntrusiveList;
  ListHook* prev_ = nullptr;
  ListHook* next_ = nullptr;
};

// T derives from ListHook.
template <class T>
class IntrusiveList {
 public:
  IntrusiveList() noexcept { head_.prev_ = head_.next_ = &head_; }
  IntrusiveList(IntrusiveList const&) = delete;
  IntrusiveList& operator=(IntrusiveList const&) = delete;
  ~IntrusiveList() {
    while (!empty()) pop_front();
    head_.prev_ = head_.next_ = nullptr;
  }

  bool empty() const noexcept { return head_.next_ == &head_; }
  T& front() noexcept { return static_cast<T&>(*head_.next_); }
  T& back() noexcept { return static_cast<T&>(*head_.prev_); }
  void push_back(T& element) noexcept { insert_before(head_, element); }
  void push_front(T& element) noexcept {
    static_cast<ListHook&>(element).unlink();  // it may be the front already
    insert_before(*head_.next_, element);
  }
  T* pop_front() noexcept {
    if (empty()) return nullptr;
    T& element = front();
    static_cast<ListHook&>(element).unlink();
    return &element;
  }
  void take_all(IntrusiveList& from) noexcept {  // append everything of `from`, in order
    while (T* const element = from.pop_front()) push_back(*element);
  }
  template <class Visit>
  void for_each(Visit visit) {  // `visit` may unlink the element it is given
    for (ListHook* at = head_.next_; at != &head_;) {
      ListHook* const following = at->next_;
      visit(static_cast<T&>(*at));
      at = following;
    }
  }

 private:
  static void insert_before(ListHook& where, ListHook& element) noexcept {
    element.unlink();
    element.prev_ = where.prev_;
    element.next_ = &where;
    where.prev_->next_ = &element;
    where.prev_ = &element;
  }
  ListHook head_;
};

}  // namespace weir::base
