// `weir ctl`: changes the running gateway, and shows what there is to change: `purge`, `cache`, `drop-tokens`
// and `reload`.
//
// Exit codes: 0, 64 (what to purge is not said, or a bulk purge without --yes), 65 (nothing there is called
// so), 69 (no gateway answers, or one without a cache), 77 (it wants a key: $WEIR_KEY), 78 (a reload was
// refused).
#pragma once

#include "admin/purge_request.hpp"
#include "admin/token_drop.hpp"
#include "app/gateway_address.hpp"

namespace weir::app {

struct CtlRequest {
  AddressRequest gateway;
  admin::PurgeRequest purge;
  admin::TokenDrop drop;
  bool purging = false;
  bool dropping = false;
  bool reloading = false;  // none of these: `cache`
  bool yes = false;
  bool json = false;
};

int ctl_command(CtlRequest const& request, config::Environment const& environment);

}  // namespace weir::app
