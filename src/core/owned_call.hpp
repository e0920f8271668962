// OwnedCall: a copy of a call that outlives the request it came with, or goes to another worker.
//
// Whatever the call borrows from its request and its worker is copied along; the catalogue that routed it
// stays behind, and so do its facts: what the copy learns is its own. `client` is still the original's:
// whoever makes the copy puts itself there. One thread at a time.
#pragma once

#include <string>
#include <vector>

#include "core/call.hpp"

namespace weir::core {

class OwnedCall {
 private:
  Principal principal_;
  std::string endpoint_;
  std::vector<mcp::ParamHeader> mirrored_;

 public:
  explicit OwnedCall(Call const& of)
      : principal_(*of.principal),
        endpoint_(of.endpoint),
        mirrored_(of.mirrored != nullptr ? *of.mirrored : std::vector<mcp::ParamHeader>()),
        call(of.request.copy()) {
    static_cast<CallFields&>(call) = of;
    call.facts = CallFacts{};
    call.catalog.reset();
    call.principal = &principal_;
    call.endpoint = endpoint_;
    if (of.mirrored != nullptr) call.mirrored = &mirrored_;
  }
  OwnedCall(OwnedCall const&) = delete;
  OwnedCall& operator=(OwnedCall const&) = delete;

  Call call;
};

}  // namespace weir::core
