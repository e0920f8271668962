#include "auth/certificate_caller.hpp"

namespace weir::auth {

base::Result<std::shared_ptr<core::Principal const>> certificate_caller(std::string_view subject,
                                                                        std::string_view sha256) {
  if (subject.empty()) {  // no name, no caller: else all of them would be one
    return base::Error(base::Fault::unauthenticated, base::Blame::client, "a certificate without a subject");
  }
  return std::make_shared<core::Principal const>(
      core::Principal{"cert:" + std::string(subject), "cert", {}, std::string(sha256)});
}

}  // namespace weir::auth
