// OpenSSL's memory, wiped before it is freed: what it reads private keys from is not wiped by itself, and
// would be found by whoever searches the process after a key was replaced.
//
// To be called before anything else of OpenSSL is. False: something has allocated already, and nothing
// changes.
#pragma once

namespace weir::app {

bool wipe_what_openssl_frees() noexcept;

}  // namespace weir::app
