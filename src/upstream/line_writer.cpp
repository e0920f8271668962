#include "upstream/line_writer.hpp"

#include <array>

#include "base/assert.hpp"
#include "mcp/splice.hpp"

namespace weir::upstream {
namespace {

iovec piece_of(std::string_view text) noexcept { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

// Returns how many bytes went out; advances the pieces past them.
std::size_t LineWriter::send(std::span<iovec> pieces) noexcept {
  std::size_t total = 0;
  while (!pieces.empty()) {
    auto const put = stream_.write(pieces);
    if (put.state == net::IoState::blocked) return total;
    if (put.state != net::IoState::moved) {
      close();
      return total;
    }
    total += put.bytes;
    std::size_t left = put.bytes;
    while (!pieces.empty() && left >= pieces.front().iov_len) {
      left -= pieces.front().iov_len;
      pieces = pieces.subspan(1);
    }
    if (!pieces.empty() && left > 0) {
      pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + left;
      pieces.front().iov_len -= left;
    }
  }
  return total;
}

void LineWriter::write(std::span<iovec const> pieces) {
  WEIR_ASSERT(idle() && pieces.size() <= mcp::Splice::kPiecesMax);
  if (closed_) return;
  std::array<iovec, mcp::Splice::kPiecesMax + 1> out;
  std::copy(pieces.begin(), pieces.end(), out.begin());
  out[pieces.size()] = piece_of("\n");
  std::size_t done = send({out.data(), pieces.size() + 1});
  if (closed_) return;
  for (std::size_t i = 0; i <= pieces.size(); ++i) {  // what did not fit
    auto const piece = i < pieces.size() ? pieces[i] : piece_of("\n");
    std::size_t const skipped = std::min(done, piece.iov_len);
    backlog_.append(static_cast<char const*>(piece.iov_base) + skipped, piece.iov_len - skipped);
    done -= skipped;
  }
  changed();
}

bool LineWriter::write_small(std::string_view line) {
  if (idle()) {
    iovec const piece = piece_of(line);
    write({&piece, 1});
    return true;
  }
  if (small_bytes_ + line.size() > kSmallBytesMax) return false;
  small_bytes_ += line.size() + 1;
  backlog_.append(line).append("\n");
  return true;
}

void LineWriter::flush() {
  if (closed_ || backlog_.empty()) return;
  iovec piece = piece_of(std::string_view(backlog_).substr(flushed_));
  flushed_ += send({&piece, 1});
  if (closed_ || flushed_ < backlog_.size()) return;
  backlog_.clear();
  changed();
}

void LineWriter::close() noexcept {
  closed_ = true;
  backlog_.clear();
  changed();
}

void LineWriter::changed() noexcept {
  if (backlog_.empty()) {
    flushed_ = 0;
    small_bytes_ = 0;
    if (backlog_.capacity() > kSmallBytesMax) backlog_ = {};
    waiting_.reset();
    drained_.set();
  } else {
    drained_.reset();
    waiting_.set();
  }
}

}  // namespace weir::upstream
