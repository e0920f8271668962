// HostPolicy: which Host and Origin values a listener accepts (DNS rebinding; P017, T-52).
//
// Brain; immutable. A loopback listener accepts loopback names only, plus what is configured. Another one
// accepts any Host unless `allowed_hosts` says which (it asks for credentials), and only configured origins.
// An absent Origin is accepted: only browsers send one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::edge {

class HostPolicy {
 public:
  HostPolicy(bool loopback, std::vector<std::string> allowed_hosts, std::vector<std::string> allowed_origins);

  bool host_allowed(std::string_view host) const noexcept;      // value of Host, with or without port
  bool origin_allowed(std::string_view origin) const noexcept;  // value of Origin

 private:
  bool loopback_;
  std::vector<std::string> hosts_;
  std::vector<std::string> origins_;
};

// "localhost", 127.0.0.0/8 in plain dotted form, "[::1]"; a port may follow. Nothing else is loopback: not
// 127.0.0.1.nip.io, not 0.0.0.0, not numbers in other bases.
bool is_loopback_authority(std::string_view authority) noexcept;

}  // namespace weir::edge
