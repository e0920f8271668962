// Replies of Redis: read in pieces they are what they are in one piece, within the limits, and commands that
// we write are read again as what they were.
#include <memory>
#include <string>
#include <vector>

#include "fuzz/fuzz_text.hpp"
#include "store/resp.hpp"

namespace {

using namespace weir::store;
using weir::fuzz::require;

constexpr RespLimits kLimits{300, 64, 4, 200};

std::size_t weigh(RespValue const& value, std::size_t depth, std::size_t& bytes) {
  require(depth <= kLimits.depth_max, "no deeper than the limit");
  bytes += value.text.size();
  std::size_t items = value.items.size();
  for (auto const& item : value.items) items += weigh(item, depth + 1, bytes);
  return items;
}

void append_shown(std::string& out, RespValue const& value) {
  out += std::to_string(static_cast<int>(value.kind)) + " " + std::to_string(value.number) + " " +
         std::to_string(value.text.size()) + " " + value.text + " " + std::to_string(value.items.size()) +
         "(";
  for (auto const& item : value.items) append_shown(out, item);
  out += ")";
}

// Replies until the reader gives up; a limit is noticed sooner in small pieces, so only the end may differ.
std::vector<std::string> read_in_pieces(std::string_view text, weir::fuzz::Cuts* cuts, bool& broken) {
  std::vector<std::string> replies;
  RespReader reader{kLimits};
  while (!text.empty() && !broken) {
    std::size_t const length = cuts == nullptr ? text.size() : cuts->next(text.size());
    auto const own = std::make_unique<char[]>(length);  // dies with the piece, so that a stale view is seen
    text.copy(own.get(), length);
    reader.feed({own.get(), length});
    text.remove_prefix(length);
    RespValue value;
    for (;;) {
      auto const step = reader.next(value);
      broken = step == RespReader::Step::broken;
      if (step != RespReader::Step::reply) break;
      std::size_t bytes = 0;
      require(weigh(value, 0, bytes) <= kLimits.items_max, "no more items than the limit");
      require(bytes <= kLimits.bytes_max, "no more bytes than the limit");
      append_shown(replies.emplace_back(), value);
    }
  }
  return replies;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::uint8_t seed = 0;
  std::string_view text;
  if (size > 2048 || !weir::fuzz::split_input(data, size, seed, text)) return 0;
  bool whole_broken = false;
  bool pieces_broken = false;
  weir::fuzz::Cuts cuts{seed};
  auto const whole = read_in_pieces(text, nullptr, whole_broken);
  auto const pieces = read_in_pieces(text, &cuts, pieces_broken);
  for (std::size_t i = 0; i < whole.size() && i < pieces.size(); ++i) {
    require(whole[i] == pieces[i], "the replies of a plain reading");
  }
  require(pieces_broken || whole.size() == pieces.size() || whole_broken, "as many replies in pieces");

  auto const half = text.substr(0, std::min<std::size_t>(text.size() / 2, 150));
  RespReader reader;
  reader.feed(resp_command({"SET", half, text}));
  RespValue command;
  require(reader.next(command) == RespReader::Step::reply, "a command is a whole reply");
  require(command.items.size() == 3 && command.items[1].text == half && command.items[2].text == text,
          "a command says what it was made of");
  return 0;
}
