#include "net/egress_guard.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "net/url.hpp"

namespace weir::net {

using base::Blame;
using base::Error;
using base::Fault;

namespace {

using Bytes = std::array<std::uint8_t, 16>;

struct Range4 {
  std::uint32_t first;
  unsigned bits;
};
constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24U | b << 16U | c << 8U | d;
}
// What is not of the public internet.
constexpr Range4 kClosed4[] = {
    {v4(0, 0, 0, 0), 8},         // this network
    {v4(10, 0, 0, 0), 8},        // private
    {v4(100, 64, 0, 0), 10},     // carriers', and metadata of one cloud
    {v4(127, 0, 0, 0), 8},       // loopback
    {v4(168, 63, 129, 16), 32},  // metadata of one cloud
    {v4(169, 254, 0, 0), 16},    // link-local, and metadata of most clouds
    {v4(172, 16, 0, 0), 12},     // private
    {v4(192, 0, 0, 0), 24},      // protocol assignments
    {v4(192, 0, 2, 0), 24},      // documentation
    {v4(192, 31, 196, 0), 24},   // AS112
    {v4(192, 52, 193, 0), 24},   // AMT
    {v4(192, 88, 99, 0), 24},    // relays of 6to4
    {v4(192, 168, 0, 0), 16},    // private
    {v4(192, 175, 48, 0), 24},   // AS112
    {v4(198, 18, 0, 0), 15},     // measuring
    {v4(198, 51, 100, 0), 24},   // documentation
    {v4(203, 0, 113, 0), 24},    // documentation
    {v4(224, 0, 0, 0), 4},       // multicast
    {v4(240, 0, 0, 0), 4},       // reserved, broadcast
};

struct Range6 {
  Bytes first;
  unsigned bits;
};
// Parts of 2000::/3 that are not what they seem; everything outside it is closed anyway.
constexpr Range6 kClosed6[] = {
    {{0x20, 0x01}, 23},                          // protocol assignments, Teredo and ORCHID among them
    {{0x20, 0x01, 0x0d, 0xb8}, 32},              // documentation
    {{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48},  // AS112
    {{0x3f, 0xff}, 20},                          // documentation
};

bool within(Bytes const& address, Bytes const& first, unsigned bits) noexcept {
  unsigned const whole = bits / 8;
  if (std::memcmp(address.data(), first.data(), whole) != 0) return false;
  if (bits % 8 == 0) return true;
  unsigned const mask = 0xffU << (8 - bits % 8) & 0xffU;
  return (address[whole] & mask) == (first[whole] & mask);
}

std::uint32_t number_at(Bytes const& bytes, std::size_t at) noexcept {
  return v4(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
}

constexpr Bytes kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool open4(std::uint32_t address) noexcept {
  return std::none_of(std::begin(kClosed4), std::end(kClosed4), [address](Range4 const& range) {
    return (address ^ range.first) >> (32 - range.bits) == 0;
  });
}

// The IPv4 address that traffic to this one ends at.
std::optional<std::uint32_t> carried(Bytes const& address) noexcept {
  constexpr Bytes kNat64{0x00, 0x64, 0xff, 0x9b};
  constexpr Bytes k6to4{0x20, 0x02};
  if (within(address, kMapped, 96) || within(address, kNat64, 96)) return number_at(address, 12);
  if (within(address, k6to4, 16)) return number_at(address, 2);
  return std::nullopt;
}

bool isatap(Bytes const& address) noexcept {
  return (address[8] & 0xfdU) == 0 && address[9] == 0 && address[10] == 0x5e && address[11] == 0xfe;
}

bool open6(Bytes const& address) noexcept {
  if (auto const inner = carried(address)) return open4(*inner);
  if ((address[0] & 0xe0U) != 0x20 || isatap(address)) return false;
  return std::none_of(std::begin(kClosed6), std::end(kClosed6),
                      [&](Range6 const& range) { return within(address, range.first, range.bits); });
}

bool is_loopback(Bytes const& address) noexcept {
  constexpr Bytes kOne{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return address == kOne || (within(address, kMapped, 96) && address[12] == 127);
}

std::optional<Bytes> bytes_of(sockaddr const& address) noexcept {
  Bytes bytes = kMapped;
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    std::memcpy(bytes.data() + 12, &in.sin_addr, 4);
    return bytes;
  }
  if (address.sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 in{};
  std::memcpy(&in, &address, sizeof in);
  if (in.sin6_scope_id != 0) return std::nullopt;  // of one link only
  std::memcpy(bytes.data(), &in.sin6_addr, 16);
  return bytes;
}

std::optional<Bytes> parse_address(std::string const& text) noexcept {
  Bytes bytes = kMapped;
  if (::inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1) return bytes;
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

// The C library takes "0177.1", "0x7f000001" and "2130706433" for addresses. None of them is a name in use,
// and which address they are depends on who reads them.
bool reads_as_number(std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  auto const last = host.substr(host.rfind('.') == std::string_view::npos ? 0 : host.rfind('.') + 1);
  if (last.empty()) return true;
  if (last.starts_with("0x")) return true;
  return last.find_first_not_of("0123456789") == std::string_view::npos;
}

Error refused(char const* why) { return Error(Fault::denied, Blame::upstream, why); }

}  // namespace

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  auto const slash = text.find('/');
  auto const address = parse_address(std::string(text.substr(0, slash)));
  if (!address) return std::nullopt;
  bool const four = text.substr(0, slash).find(':') == std::string_view::npos;
  unsigned const most = four ? 32 : 128;
  unsigned bits = most;
  if (slash != std::string_view::npos) {
    auto const length = text.substr(slash + 1);
    auto const parsed = std::from_chars(length.data(), length.data() + length.size(), bits);
    bool const whole = parsed.ec == std::errc{} && parsed.ptr == length.data() + length.size();
    if (!whole || bits > most) return std::nullopt;
  }
  AddressRange range{*address, four ? bits + 96 : bits};
  for (unsigned bit = range.bits; bit < 128; ++bit) {
    if ((range.bytes[bit / 8] >> (7 - bit % 8) & 1U) != 0) return std::nullopt;
  }
  return range;
}

bool EgressGuard::permits(Bytes const& address) const noexcept {
  if (!rules_.deny_private || open6(address)) return true;
  if (rules_.loopback && is_loopback(address)) return true;
  return std::any_of(rules_.allow.begin(), rules_.allow.end(),
                     [&](AddressRange const& range) { return within(address, range.bytes, range.bits); });
}

bool EgressGuard::permits(sockaddr const& address) const noexcept {
  auto const bytes = bytes_of(address);
  return bytes && permits(*bytes);
}

base::Result<void> EgressGuard::check(Url const& url) const {
  bool const local = rules_.loopback && is_loopback_host(url.host);
  if (!url.https && !local) return refused("an address that was found is not https");
  if (auto const literal = parse_address(url.host)) {
    if (!permits(*literal)) return refused("an address that was found is not of the public internet");
    return {};
  }
  if (url.host.find(':') != std::string::npos || reads_as_number(url.host)) {
    return refused("the host of an address that was found has more than one reading");
  }
  return {};
}

bool is_loopback_host(std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  auto const literal = parse_address(std::string(host));
  return literal && is_loopback(*literal);
}

}  // namespace weir::net
