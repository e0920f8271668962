#include "mcp/splice.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace weir::mcp {
namespace {
constexpr std::size_t kEditsUsual = 4;  // id, name, and what the revision asks for
constexpr std::string_view kSpace = " \t\r\n";

// Where the key of the member with this value begins: its opening quote.
std::size_t key_of(std::string_view bytes, Span value) {
  auto const key_end = bytes.find_last_of('"', value.begin - 1);
  auto key = bytes.find_last_of('"', key_end - 1);
  while (bytes[key - 1] == '\\') key = bytes.find_last_of('"', key - 1);  // an escaped quote
  return key;
}
}  // namespace

void Splice::add(Edit edit) noexcept {
  WEIR_ASSERT(edits_.size() < kEditsMax);
  WEIR_ASSERT(edit.span.begin <= edit.span.end && edit.span.end <= bytes_.size());
  if (edits_.empty()) edits_.reserve(kEditsUsual);
  auto const place = std::find_if(edits_.begin(), edits_.end(), [&](Edit const& other) {
    return other.span.begin > edit.span.begin ||
           (other.span.begin == edit.span.begin && edit.span.empty() && !other.span.empty());
  });
  WEIR_ASSERT(place == edits_.begin() || (place - 1)->span.end <= edit.span.begin);
  WEIR_ASSERT(place == edits_.end() || edit.span.end <= place->span.begin);
  edits_.insert(place, edit);
}

void Splice::replace(Span span, std::string_view borrowed) noexcept {
  // An empty view may have no address, which would read as owned.
  char const* const text = borrowed.data() != nullptr ? borrowed.data() : "";
  add({span, text, 0, static_cast<std::uint32_t>(borrowed.size())});
}

void Splice::replace_owned(Span span, std::string_view text) {
  auto const offset = static_cast<std::uint32_t>(owned_.size());
  owned_.append(text);
  add({span, nullptr, offset, static_cast<std::uint32_t>(text.size())});
}

// Whether an object holds, from `at` on, only blanks and what is erased.
bool Splice::nothing_left(std::uint32_t at) const noexcept {
  for (;;) {
    at = static_cast<std::uint32_t>(bytes_.find_first_not_of(kSpace, at));
    auto const erased = std::find_if(edits_.begin(), edits_.end(), [&](Edit const& edit) {
      return edit.length == 0 && edit.span.begin <= at && at < edit.span.end;
    });
    if (erased == edits_.end()) return bytes_[at] == '}';
    at = erased->span.end;
  }
}

void Splice::insert_member(Span object, std::string_view key, std::string_view value) {
  auto const inside = object.of(bytes_);
  WEIR_ASSERT(inside.size() >= 2 && inside.front() == '{');
  std::uint32_t const at = object.begin + 1;
  bool const was_empty = nothing_left(at);
  bool const first = std::none_of(edits_.begin(), edits_.end(), [&](Edit const& edit) {
    return edit.span == Span{at, at};
  });
  auto const offset = owned_.size();
  owned_.reserve(offset + key.size() + value.size() + 4);
  if (was_empty && !first) owned_ += ',';
  owned_.append(1, '"').append(key).append("\":", 2).append(value);
  if (!was_empty) owned_ += ',';
  add({{at, at},
       nullptr,
       static_cast<std::uint32_t>(offset),
       static_cast<std::uint32_t>(owned_.size() - offset)});
}

void Splice::erase_members(std::vector<Span> values) {
  std::sort(values.begin(), values.end(), [](Span a, Span b) { return a.begin < b.begin; });
  for (std::size_t i = 0; i < values.size();) {
    auto const begin = static_cast<std::uint32_t>(key_of(bytes_, values[i]));
    std::uint32_t end = values[i].end;
    bool comma = false;
    for (;;) {  // members side by side go together: there is one comma fewer than members
      auto const after = bytes_.find_first_not_of(kSpace, values[i].end);
      comma = bytes_[after] == ',';
      end = comma ? static_cast<std::uint32_t>(after + 1) : values[i].end;
      if (++i == values.size() || !comma) break;
      if (bytes_.find_first_not_of(kSpace, end) != key_of(bytes_, values[i])) break;
    }
    auto const before = static_cast<std::uint32_t>(bytes_.find_last_not_of(kSpace, begin - 1));
    erase({!comma && bytes_[before] == ',' ? before : begin, end});
    if (bytes_[before] == '{') end_insertions(static_cast<std::uint32_t>(before + 1));
  }
}

// Members that were put first in an object no longer have anything behind them.
void Splice::end_insertions(std::uint32_t at) noexcept {
  if (!nothing_left(at)) return;
  auto const last = std::find_if(edits_.rbegin(), edits_.rend(), [&](Edit const& edit) {
    return edit.span == Span{at, at};
  });
  if (last != edits_.rend() && text_of(*last).ends_with(',')) --last->length;
}

std::string_view Splice::text_of(Edit const& edit) const noexcept {
  char const* const text = edit.borrowed != nullptr ? edit.borrowed : owned_.data() + edit.offset;
  return {text, edit.length};
}

template <class Take>
void Splice::each_piece(Take&& take) const {
  std::size_t from = 0;
  for (auto const& edit : edits_) {
    take(bytes_.substr(from, edit.span.begin - from));
    take(text_of(edit));
    from = edit.span.end;
  }
  take(bytes_.substr(from));
}

std::size_t Splice::size() const noexcept {
  std::size_t total = 0;
  each_piece([&](std::string_view piece) { total += piece.size(); });
  return total;
}

void Splice::append_to(std::string& out) const {
  out.reserve(out.size() + size());
  each_piece([&](std::string_view piece) { out.append(piece); });
}

std::size_t Splice::fill(std::span<iovec> out) const noexcept {
  WEIR_ASSERT(out.size() >= 2 * edits_.size() + 1);
  std::size_t used = 0;
  each_piece([&](std::string_view piece) {
    // sendmsg only reads; iovec has no const form.
    if (!piece.empty()) out[used++] = {const_cast<char*>(piece.data()), piece.size()};
  });
  return used;
}

}  // namespace weir::mcp
