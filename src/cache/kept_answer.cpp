#include "cache/kept_answer.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <new>
#include <string>

#include "base/assert.hpp"

namespace weir::cache {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kReferenceBits = 24;
constexpr std::uint64_t kReferences = (1ULL << kReferenceBits) - 1;
constexpr std::uint64_t kBornMax = (1ULL << 40U) - 1;
constexpr std::uint64_t kFetchedMax = (1ULL << 40U) - 1;  // milliseconds: 34 years after boot
constexpr std::string_view kHex = "0123456789abcdef";

// A small floating-point number: the leading `Mantissa` bits, and how far they were moved.
template <unsigned Mantissa, unsigned Exponent>
struct Rounded {
  static constexpr unsigned kShiftMax = (1U << Exponent) - 1;
  static constexpr std::uint64_t kMantissa = (1ULL << Mantissa) - 1;

  static std::uint64_t down(std::uint64_t value) noexcept {
    auto const width = static_cast<unsigned>(std::bit_width(value));
    unsigned const shift = width > Mantissa ? width - Mantissa : 0;
    if (shift > kShiftMax) return static_cast<std::uint64_t>(kShiftMax) << Mantissa | kMantissa;
    return static_cast<std::uint64_t>(shift) << Mantissa | value >> shift;
  }
  static std::uint64_t value(std::uint64_t code) noexcept {
    return (code & kMantissa) << (code >> Mantissa & kShiftMax);
  }
  static std::uint64_t up(std::uint64_t v) noexcept {
    std::uint64_t const code = down(v);
    if (value(code) >= v || code == (std::uint64_t{kShiftMax} << Mantissa | kMantissa)) return code;
    return down(value(code) + (1ULL << (code >> Mantissa)));
  }
};
using Lifetime = Rounded<19, 5>;
using Cost = Rounded<10, 4>;

std::uint64_t whole_ms(base::Duration d) noexcept {
  return d <= 0ns ? 0 : static_cast<std::uint64_t>(std::chrono::floor<std::chrono::milliseconds>(d).count());
}
base::Duration from_ms(std::uint64_t ms) noexcept {
  constexpr std::uint64_t kMost = 1ULL << 43U;  // what nanoseconds can say: 278 years
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(ms, kMost)));
}

bool packs_as_hex(std::string_view text) noexcept {
  return !text.empty() && text.size() % 2 == 0 && text.find_first_not_of(kHex) == std::string_view::npos;
}

// Labels as text: each with its length before it, seven bits a byte.
void put_text(std::string& out, std::string_view text) {
  std::size_t length = text.size();
  for (; length >= 128; length >>= 7U) out += static_cast<char>(length | 128U);
  out += static_cast<char>(length);
  out += text;
}

std::string_view take_text(std::string_view& from) noexcept {
  std::size_t length = 0;
  for (unsigned shift = 0;; shift += 7) {
    auto const byte = static_cast<unsigned char>(from.front());
    from.remove_prefix(1);
    length |= static_cast<std::size_t>(byte & 127U) << shift;
    if (byte < 128) break;
  }
  auto const text = from.substr(0, length);
  from.remove_prefix(length);
  return text;
}

// An owner is a digest in hexadecimal: half the room without its disguise.
std::string packed_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    out += static_cast<char>(kHex.find(hex[i]) << 4U | kHex.find(hex[i + 1]));
  }
  return out;
}

std::string unpacked_hex(std::string_view packed) {
  std::string out;
  for (char const c : packed) {
    out += kHex[static_cast<unsigned char>(c) >> 4U];
    out += kHex[static_cast<unsigned char>(c) & 15U];
  }
  return out;
}

std::string packed(store::Labels const& labels, bool hex) {
  std::string text;
  put_text(text, labels.server);
  put_text(text, labels.operation);
  put_text(text, labels.target);
  put_text(text, hex ? packed_hex(labels.who) : labels.who);
  return text;
}

}  // namespace

// The bytes and then the labels follow kHeader bytes after the start, where the members end.
struct KeptAnswer::Block {
  std::atomic<std::uint64_t> life;  // references 24, born 40
  std::uint64_t times;              // fetched 40, fresh_for 24
  std::uint64_t rest;               // kept_for 24, meta_at 24, cost 14, negative 1, from_store 1
  std::uint32_t shape;              // size of the bytes 24, the owner is packed 1
  static constexpr std::size_t kHeader = 28;

  char* text() noexcept { return reinterpret_cast<char*>(this) + kHeader; }
  std::size_t size() const noexcept { return shape & kBytesMax; }
  bool hex() const noexcept { return shape >> 24U != 0; }
  std::string_view labels() noexcept { return {text() + size(), kBytesMax}; }  // each tells where it ends
};

KeptAnswer KeptAnswer::make(AnswerFacts const& facts, store::Labels const& labels, std::string_view bytes) {
  if (bytes.size() > kBytesMax) return {};
  WEIR_ASSERT(facts.meta_at <= bytes.size());
  bool const hex = packs_as_hex(labels.who);
  std::string const text = packed(labels, hex);
  std::size_t const total = std::max(sizeof(Block), Block::kHeader + bytes.size() + text.size());

  auto* const block = new (::operator new(total)) Block;
  block->life.store(1 | std::min(facts.born, kBornMax) << kReferenceBits, std::memory_order_relaxed);
  block->times = std::min(whole_ms(facts.fetched.time_since_epoch()), kFetchedMax) |
                 Lifetime::down(whole_ms(facts.fresh_for)) << 40U;
  block->rest = Lifetime::down(whole_ms(facts.kept_for)) | std::uint64_t{facts.meta_at} << 24U |
                Cost::up(whole_ms(facts.cost + (1ms - 1ns))) << 48U | std::uint64_t{facts.negative} << 62U |
                std::uint64_t{facts.from_store} << 63U;
  block->shape = static_cast<std::uint32_t>(bytes.size()) | (hex ? 1U << 24U : 0U);
  if (!bytes.empty()) std::memcpy(block->text(), bytes.data(), bytes.size());
  std::memcpy(block->text() + bytes.size(), text.data(), text.size());
  return adopt(block);
}

std::string_view KeptAnswer::bytes() const noexcept { return {block_->text(), block_->size()}; }

AnswerFacts KeptAnswer::facts() const noexcept {
  auto const times = block_->times;
  auto const rest = block_->rest;
  AnswerFacts facts;
  facts.fetched = base::TimePoint(from_ms(times & kFetchedMax));
  facts.fresh_for = from_ms(Lifetime::value(times >> 40U));
  facts.kept_for = from_ms(Lifetime::value(rest & kReferences));
  facts.cost = from_ms(Cost::value(rest >> 48U & 0x3fffU));
  facts.born = born();
  facts.meta_at = static_cast<std::uint32_t>(rest >> 24U & kBytesMax);
  facts.negative = (rest >> 62U & 1U) != 0;
  facts.from_store = rest >> 63U != 0;
  return facts;
}

store::Labels KeptAnswer::labels() const {
  auto text = block_->labels();
  store::Labels labels;
  labels.server = take_text(text);
  labels.operation = take_text(text);
  labels.target = take_text(text);
  labels.who = block_->hex() ? unpacked_hex(take_text(text)) : std::string(take_text(text));
  return labels;
}

std::uint64_t KeptAnswer::born() const noexcept {
  return block_->life.load(std::memory_order_acquire) >> kReferenceBits;
}

void KeptAnswer::raise_born(std::uint64_t born) const noexcept {
  born = std::min(born, kBornMax);
  auto seen = block_->life.load(std::memory_order_relaxed);
  while (seen >> kReferenceBits < born &&
         !block_->life.compare_exchange_weak(seen, (seen & kReferences) | born << kReferenceBits,
                                             std::memory_order_acq_rel, std::memory_order_relaxed)) {
  }
}

// As glibc hands it out: eight bytes before the block, all of it in steps of sixteen.
std::size_t KeptAnswer::footprint() const noexcept {
  auto text = block_->labels();
  char const* const start = text.data();
  for (int i = 0; i < 4; ++i) take_text(text);
  auto const labels = static_cast<std::size_t>(text.data() - start);
  std::size_t const total = std::max(sizeof(Block), Block::kHeader + block_->size() + labels);
  return (total + 8 + 15) / 16 * 16;
}

void KeptAnswer::hold() const noexcept {
  if (block_ == nullptr) return;
  auto const before = block_->life.fetch_add(1, std::memory_order_relaxed);
  WEIR_ASSERT((before & kReferences) < kReferences);
}

void KeptAnswer::let_go() noexcept {
  auto const before = block_->life.fetch_sub(1, std::memory_order_acq_rel);
  if ((before & kReferences) == 1) ::operator delete(block_);
}

}  // namespace weir::cache
