#include "upstream/line_framer.hpp"

#include <charconv>

namespace weir::upstream {
namespace {

constexpr std::size_t kEndBytes = 128;

// `text` from its first to its last byte that is no white space.
std::string_view trimmed(std::string_view text) {
  auto const first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::optional<std::uint64_t> whole_number(std::string_view digits) {
  std::uint64_t value = 0;
  auto const parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size())
    return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::uint64_t> reply_id_at_ends(std::string_view head, std::string_view tail,
                                              bool requests_too) {
  constexpr std::string_view kVersion = R"("jsonrpc":"2.0")";
  constexpr std::string_view kId = R"("id":)";
  constexpr std::string_view kMethod = R"("method":)";  // a request, with an id of who asks
  auto const skip_version = [&] {
    if (head.starts_with(kVersion)) head.remove_prefix(std::min(kVersion.size() + 1, head.size()));
  };
  head = trimmed(head);
  if (head.starts_with('{')) {
    head.remove_prefix(1);
    skip_version();
    std::optional<std::uint64_t> id;
    if (head.starts_with(kId)) {
      head.remove_prefix(kId.size());
      id = whole_number(head.substr(0, head.find(',')));
      head.remove_prefix(std::min(head.find(','), head.size() - 1) + 1);
      skip_version();
    }
    if (!requests_too && head.starts_with(kMethod)) return std::nullopt;
    if (id) return id;
  }
  // The last bracket closes the message itself, so a member directly before it is the message's own.
  tail = trimmed(tail);
  if (!tail.ends_with('}')) return std::nullopt;
  tail.remove_suffix(1);
  if (tail.ends_with(kVersion)) tail.remove_suffix(std::min(kVersion.size() + 1, tail.size()));
  auto const at = tail.rfind(kId);
  if (at == std::string_view::npos || at == 0 || tail[at - 1] != ',') return std::nullopt;
  return whole_number(tail.substr(at + kId.size()));
}

void LineFramer::keep(std::string_view bytes) {
  if (!skipping_ && partial_.size() + bytes.size() <= limits_.line_bytes_max) {
    partial_.append(bytes);
    return;
  }
  if (!skipping_) {
    skipping_ = true;
    head_.assign(partial_, 0, kEndBytes);
    if (head_.size() < kEndBytes) head_.append(bytes.substr(0, kEndBytes - head_.size()));
    tail_.assign(partial_, partial_.size() - std::min(partial_.size(), kEndBytes));
    partial_ = {};
  }
  tail_.append(bytes.substr(bytes.size() - std::min(bytes.size(), kEndBytes)));
  if (tail_.size() > kEndBytes) tail_.erase(0, tail_.size() - kEndBytes);
}

std::optional<LineFramer::Line> LineFramer::take(std::string_view& chunk) {
  while (!chunk.empty()) {
    auto const newline = chunk.find('\n');
    bool const complete = newline != std::string_view::npos;
    keep(chunk.substr(0, newline));
    chunk.remove_prefix(complete ? newline + 1 : chunk.size());
    if (!complete) return std::nullopt;
    if (skipping_) {
      skipping_ = false;
      return Line{{}, true, reply_id_at_ends(head_, tail_, limits_.of_client)};
    }
    std::string line = std::move(partial_);
    partial_ = {};
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t") != std::string::npos) return Line{std::move(line), false, {}};
  }
  return std::nullopt;
}

bool LineFramer::noise() noexcept {
  ++noise_lines_;
  return ++noise_in_a_row_ <= limits_.noise_lines_max;
}

}  // namespace weir::upstream
