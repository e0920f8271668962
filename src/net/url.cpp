#include "net/url.hpp"

#include <boost/url.hpp>
#include <exception>
#include <utility>

#include "net/http_fields.hpp"

namespace weir::net {
namespace {

namespace urls = boost::urls;
using base::Blame;
using base::Error;
using base::Fault;

struct Party {  // who is to blame for a bad address
  Fault fault;
  Blame blame;
  Error error(std::string detail) const { return Error{fault, blame, std::move(detail)}; }
};

bool is_host_name(std::string_view text) noexcept {
  for (char const c : text) {
    bool const alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
    if (!alnum && c != '-' && c != '.' && c != '_') return false;
  }
  return !text.empty();
}

void to_lower(std::string& text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
}

// Boost 1.81 leaves the parents that lead above the root; RFC 3986 5.2.4 drops them.
void drop_parents_of_root(std::string& target) {
  while (target.starts_with("/../")) target.erase(0, 3);
  if (target == "/.." || target.starts_with("/..?")) target.erase(1, 2);
}

base::Result<Url> take_apart(urls::url_view view, Party party) {
  Url url;
  if (view.scheme_id() != urls::scheme::http && view.scheme_id() != urls::scheme::https) {
    return party.error("the address does not begin with http:// or https://");
  }
  url.https = view.scheme_id() == urls::scheme::https;
  if (view.has_userinfo()) return party.error("user information in an address is not accepted");
  if (view.has_fragment()) return party.error("a fragment in an address is not accepted");

  bool const v6 = view.host_type() == urls::host_type::ipv6;
  url.host = v6 ? view.host_address() : std::string{view.encoded_host()};
  to_lower(url.host);
  if (!v6 && !is_host_name(url.host))
    return party.error("the host of the address is not a name or an IP address");

  std::uint16_t const default_port = url.https ? 443 : 80;
  url.port = view.has_port() && !view.port().empty() ? view.port_number() : default_port;
  if (url.port == 0) return party.error("the port of the address is not between 1 and 65535");
  url.authority = v6 ? "[" + url.host + "]" : url.host;
  if (url.port != default_port) url.authority += ":" + std::to_string(url.port);

  // Boost 1.81 takes "http://h:x/" for the host h, an empty port and the path "x/".
  if (!view.encoded_path().empty() && !view.encoded_path().starts_with('/')) {
    return party.error("the port of the address is not a number");
  }
  url.target = std::string{view.encoded_target()};
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  drop_parents_of_root(url.target);
  if (!is_origin_target(url.target))
    return party.error("the path of the address holds a byte that may not stand there");
  return url;
}

}  // namespace

std::string Url::text() const { return (https ? "https://" : "http://") + authority + target; }

base::Result<Url> parse_url(std::string_view text) {
  constexpr Party kOperator{Fault::invalid_input, Blame::gateway};
  if (text.size() > kUrlBytesMax) return kOperator.error("the address is too long");
  try {
    auto const view = urls::parse_uri({text.data(), text.size()});
    if (!view) return kOperator.error("not an absolute address: " + view.error().message());
    return take_apart(*view, kOperator);
  } catch (std::exception const& failure) {
    return kOperator.error(failure.what());
  }
}

base::Result<Url> resolve_url(Url const& base, std::string_view reference) {
  constexpr Party kPeer{Fault::protocol, Blame::upstream};
  if (reference.size() > kUrlBytesMax) return kPeer.error("the address is too long");
  try {
    auto const view = urls::parse_uri_reference({reference.data(), reference.size()});
    if (!view) return kPeer.error("not an address: " + view.error().message());
    urls::url const origin{base.text()};
    urls::url resolved;
    if (auto const done = urls::resolve(origin, *view, resolved); !done)
      return kPeer.error(done.error().message());
    return take_apart(resolved, kPeer);
  } catch (std::exception const& failure) {
    return kPeer.error(failure.what());
  }
}

bool same_origin(Url const& a, Url const& b) noexcept {
  return a.https == b.https && a.port == b.port && a.host == b.host;
}

}  // namespace weir::net
