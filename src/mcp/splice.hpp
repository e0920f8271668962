// Splice: the few edits under which a message's bytes are sent on, without changing or copying them.
//
// Edits are kept sorted by place; they may be given in any order and must not overlap (our bug, asserted, as
// is more than kEditsMax). Insertions at the same byte come out in the order given. Borrowed texts and the
// bytes must outlive the Splice; owned texts live in it. One task; may live across awaits: small, since it
// waits in the frames of every call.
#pragma once

#include <sys/uio.h>

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/frame_pool.hpp"
#include "mcp/span.hpp"

namespace weir::mcp {

class Splice {
 public:
  static constexpr std::size_t kEditsMax = 16;
  static constexpr std::size_t kPiecesMax = 2 * kEditsMax + 1;

  explicit Splice(std::string_view bytes) noexcept : bytes_(bytes) {}

  void replace(Span span, std::string_view borrowed) noexcept;
  void replace_owned(Span span, std::string_view text);  // copies `text`
  void erase(Span span) noexcept { replace(span, {}); }
  void insert(std::uint32_t at, std::string_view borrowed) noexcept { replace({at, at}, borrowed); }
  void insert_owned(std::uint32_t at, std::string_view text) { replace_owned({at, at}, text); }

  // Puts `"key":value` first in the object at `object`, with a comma where one is due. `key` needs no
  // escaping and is not in the object; `value` is JSON. Several may be put into one object; no other edit may
  // touch its opening bracket.
  void insert_member(Span object, std::string_view key, std::string_view value);

  // Removes members of one object, each given by its value, with the commas that they leave behind; all of an
  // object's in one call. No other edit may touch them. Goes with insert_member() in either order.
  void erase_members(std::vector<Span> values);

  bool empty() const noexcept { return !edited_; }
  std::size_t size() const noexcept;  // bytes of the edited text
  void append_to(std::string& out) const;

  // The edited text as pieces for writev/sendmsg; returns how many. `out` must hold kPiecesMax. Pieces are
  // never empty and are valid until the next edit, or until the Splice moves or dies.
  std::size_t fill(std::span<iovec> out) const noexcept;

 private:
  struct Edit {
    Span span;
    char const* borrowed = nullptr;  // null: at `offset` in owned_
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };
  void add(Edit edit) noexcept;
  bool nothing_left(std::uint32_t at) const noexcept;
  void end_insertions(std::uint32_t at) noexcept;
  std::string_view text_of(Edit const& edit) const noexcept;
  template <class Take>
  void each_piece(Take&& take) const;

  struct Edited {
    static constexpr std::size_t kUsual = 4;  // id, name, and what the revision asks for
    static void* operator new(std::size_t bytes) { return base::frame_allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
      base::frame_release(memory, bytes);
    }
    boost::container::small_vector<Edit, kUsual> edits;
    std::string owned;
  };
  Edited& edited();
  std::span<Edit const> edits() const noexcept;

  std::string_view bytes_;
  std::unique_ptr<Edited> edited_;  // null: no edits yet
};

}  // namespace weir::mcp
