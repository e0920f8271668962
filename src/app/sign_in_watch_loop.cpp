// What the gateway does when somebody signs in or out while it runs.
#include "app/gateway.hpp"

namespace weir::app {

base::Task<void> Gateway::watch_sign_ins() {
  for (;;) {
    co_await main_loop().sleep_for(SignIns::kPeriod);
    if (!sign_ins_->look()) continue;
    log_->event(observe::Level::info, "oauth.sign_in", "sign-ins have changed");
    apply();
  }
}

}  // namespace weir::app
