#include "mcp/splice.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace weir::mcp {
namespace {
constexpr std::string_view kSpace = " \t\r\n";

// Where the key of the member with this value begins: its opening quote.
std::size_t key_of(std::string_view bytes, Span value) {
  auto const key_end = bytes.find_last_of('"', value.begin - 1);
  auto key = bytes.find_last_of('"', key_end - 1);
  while (bytes[key - 1] == '\\') key = bytes.find_last_of('"', key - 1);  // an escaped quote
  return key;
}
}  // namespace

Splice::Edited& Splice::edited() {
  if (!edited_) edited_ = std::make_unique<Edited>();
  return *edited_;
}

std::span<Splice::Edit const> Splice::edits() const noexcept {
  if (!edited_) return {};
  return edited_->edits;
}

void Splice::add(Edit edit) noexcept {
  auto& edits = edited().edits;
  WEIR_ASSERT(edits.size() < kEditsMax);
  WEIR_ASSERT(edit.span.begin <= edit.span.end && edit.span.end <= bytes_.size());
  auto const place = std::find_if(edits.begin(), edits.end(), [&](Edit const& other) {
    return other.span.begin > edit.span.begin ||
           (other.span.begin == edit.span.begin && edit.span.empty() && !other.span.empty());
  });
  WEIR_ASSERT(place == edits.begin() || (place - 1)->span.end <= edit.span.begin);
  WEIR_ASSERT(place == edits.end() || edit.span.end <= place->span.begin);
  edits.insert(place, edit);
}

void Splice::replace(Span span, std::string_view borrowed) noexcept {
  // An empty view may have no address, which would read as owned.
  char const* const text = borrowed.data() != nullptr ? borrowed.data() : "";
  add({span, text, 0, static_cast<std::uint32_t>(borrowed.size())});
}

void Splice::replace_owned(Span span, std::string_view text) {
  auto& owned = edited().owned;
  auto const offset = static_cast<std::uint32_t>(owned.size());
  owned.append(text);
  add({span, nullptr, offset, static_cast<std::uint32_t>(text.size())});
}

// Whether an object holds, from `at` on, only blanks and what is erased.
bool Splice::nothing_left(std::uint32_t at) const noexcept {
  for (;;) {
    at = static_cast<std::uint32_t>(bytes_.find_first_not_of(kSpace, at));
    auto const all = edits();
    auto const erased = std::find_if(all.begin(), all.end(), [&](Edit const& edit) {
      return edit.length == 0 && edit.span.begin <= at && at < edit.span.end;
    });
    if (erased == all.end()) return bytes_[at] == '}';
    at = erased->span.end;
  }
}

void Splice::insert_member(Span object, std::string_view key, std::string_view value) {
  auto const inside = object.of(bytes_);
  WEIR_ASSERT(inside.size() >= 2 && inside.front() == '{');
  std::uint32_t const at = object.begin + 1;
  bool const was_empty = nothing_left(at);
  auto const all = edits();
  bool const first = std::none_of(all.begin(), all.end(), [&](Edit const& edit) {
    return edit.span == Span{at, at};
  });
  auto& owned = edited().owned;
  auto const offset = owned.size();
  owned.reserve(offset + key.size() + value.size() + 4);
  if (was_empty && !first) owned += ',';
  owned.append(1, '"').append(key).append("\":", 2).append(value);
  if (!was_empty) owned += ',';
  add({{at, at},
       nullptr,
       static_cast<std::uint32_t>(offset),
       static_cast<std::uint32_t>(owned.size() - offset)});
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
  auto& all = edited().edits;
  auto const last = std::find_if(all.rbegin(), all.rend(), [&](Edit const& edit) {
    return edit.span == Span{at, at};
  });
  if (last != all.rend() && text_of(*last).ends_with(',')) --last->length;
}

std::string_view Splice::text_of(Edit const& edit) const noexcept {
  char const* const text = edit.borrowed != nullptr ? edit.borrowed : edited_->owned.data() + edit.offset;
  return {text, edit.length};
}

template <class Take>
void Splice::each_piece(Take&& take) const {
  std::size_t from = 0;
  for (auto const& edit : edits()) {
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
  WEIR_ASSERT(out.size() >= 2 * edits().size() + 1);
  std::size_t used = 0;
  each_piece([&](std::string_view piece) {
    // sendmsg only reads; iovec has no const form.
    if (!piece.empty()) out[used++] = {const_cast<char*>(piece.data()), piece.size()};
  });
  return used;
}

}  // namespace weir::mcp
