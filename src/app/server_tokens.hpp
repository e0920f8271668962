// From the settings of one server to the source of its tokens.
//
// Plain functions without state, on the worker where the server lives. Errors: config, an address or a key
// that cannot be read.
#pragma once

#include "app/pipeline.hpp"
#include "oauth/person_sign_in_io.hpp"
#include "oauth/token_source_io.hpp"

namespace weir::app {

// Null where the server has none. `shown`: what its issuer is shown, where it may change. `own`: the dialer
// of a server that has a trust of its own, which holds for its issuer too; null: the worker's.
base::Result<std::shared_ptr<core::CredentialSource>> tokens_of(WorkerParts& parts,
                                                                config::Server const& server,
                                                                std::shared_ptr<core::CredentialSlot> shown,
                                                                std::shared_ptr<net::Dialer> own);
// Puts `slot`, which has been given the server's shown_fields(), in the place of what `options` say.
void take_from(std::shared_ptr<core::CredentialSlot> slot, config::Server const& server, base::Random& random,
               oauth::TokenSourceOptions& options);

// `random` outlives what is made: assertions are made with it.
base::Result<oauth::TokenSourceOptions> token_options(config::Server const& server, base::Random& random);
// For a person's sign-in; `more`: scopes beside the configured ones.
base::Result<oauth::PersonSignInOptions> person_options(config::Server const& server,
                                                        std::vector<std::string> more, base::Random& random);
// What the address to revoke tokens at may lead to: null where the operator has named it.
std::shared_ptr<net::EgressGuard const> revocation_guard(oauth::PersonSignInOptions const& options,
                                                         net::Url const& endpoint);
// What addresses that this server or its issuer names may lead to.
net::EgressRules egress_rules(config::Egress const& egress, net::Url const& server);

}  // namespace weir::app
