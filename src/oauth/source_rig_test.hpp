// SourceRig: what the tests of token sources share: an issuer whose answers a test writes, and one source
// that asks it.
//
// Test code; a fixture, on its own virtual loop. A test sets `options`, then begins; begin() again is a
// restart.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "oauth/fake_issuer_test.hpp"
#include "oauth/token_source_io.hpp"

namespace weir::oauth {

using Value = core::CredentialSource::Value;
using Got = std::optional<base::Result<Value>>;

// As a backend asks: what is at hand, else a wait.
inline base::Task<void> take(TokenSource& source, core::Principal const* caller, base::TimePoint deadline,
                             Got& out) {
  if (auto value = source.ready(caller)) {
    out = value;
    co_return;
  }
  out = co_await source.obtain(caller, deadline);
}

struct SourceRig : testing::Test {
  base::VirtualLoop loop;
  FakeIssuer issuer{loop};
  base::SeededRandom random{11};
  TokenKeys keys{random};
  TokenCache cache{{}, loop.now()};
  RefreshBook book;
  SignInStore const* sign_ins = nullptr;
  TokenSourceOptions options;
  std::vector<std::string> alarms;
  std::vector<std::string> outcomes;  // of each question: "FLOW ok", "FLOW CAUSE"
  std::vector<std::string> returned;
  int hits = 0;
  unsigned made = 0;  // tokens
  std::optional<TokenSource> source;

  void begin(TokenSource::Locator locate = {}) {
    TokenSource::Reports reports;
    reports.alarm = [this](std::string const& what) { alarms.push_back(what); };
    reports.hit = [this] { ++hits; };
    reports.asked = [this](Flow flow, OAuthError const* error, base::Duration) {
      outcomes.push_back(std::string(name_of(flow)) + (error == nullptr ? " ok" : " ") +
                         std::string(error == nullptr ? "" : name_of(error->cause)));
    };
    reports.returned = [this](std::string_view result) { returned.emplace_back(result); };
    source.emplace(TokenParts{loop, issuer, random, keys, cache, book, sign_ins}, options, std::move(locate),
                   std::move(reports));
  }
  // An issuer that takes each refresh token once: r-N for x-N+1 and r-N+1.
  FakeIssuer::Reply rotated(FakeIssuer::Asked const& asked, int expires_in = 3600) {
    if (asked.form.find("refresh_token=r-" + std::to_string(made) + "&") == std::string::npos)
      return FakeIssuer::json(400, R"({"error":"invalid_grant"})");
    auto const number = std::to_string(++made);
    return FakeIssuer::json(200, R"({"access_token":"x-)" + number +
                                     R"(","token_type":"Bearer","expires_in":)" + std::to_string(expires_in) +
                                     R"(,"refresh_token":"r-)" + number + R"("})");
  }
  base::Result<Value> get(core::Principal const* caller = nullptr,
                          base::Duration within = std::chrono::seconds{20}) {
    using namespace std::chrono_literals;
    Got out;
    base::TaskGroup tasks(loop);
    tasks.spawn(take(*source, caller, loop.now() + within, out));
    for (base::Duration waited{}; !out && waited <= within; waited += 10ms) loop.advance(10ms);
    return out ? *out : base::Result<Value>(base::Error());
  }
};

// One whose callers' tokens are exchanged.
struct ExchangeRig : SourceRig {
  ExchangeRig() {
    options.server = "github";
    options.grant = Grant::exchange;
    options.wanted.endpoint = *net::parse_url("https://issuer.test/token");
    options.wanted.issuer = "https://issuer.test";
    options.wanted.resource = "https://server.test/mcp";
    options.client =
        ClientIdentity{ClientAuth::basic, "weir", base::Secret("client-secret-1"), nullptr, nullptr};
    issuer.answer = [this](FakeIssuer::Asked const&) { return fresh(); };
  }
  FakeIssuer::Reply fresh(int expires_in = 3600) {
    return FakeIssuer::json(
        200, R"({"access_token":"x-)" + std::to_string(++made) + R"(","token_type":"Bearer","expires_in":)" +
                 std::to_string(expires_in) +
                 R"(,"issued_token_type":"urn:ietf:params:oauth:token-type:access_token"})");
  }
  core::Principal user(std::string const& name, std::string tenant = "t", std::string text = "") {
    core::Principal principal{"sub:" + name, "jwt", {}, {}, {}};
    core::SubjectToken token;
    token.text = base::Secret(text.empty() ? "caller-token-of-" + name : text);
    token.issuer = "https://login.test";
    token.subject = name;
    token.tenant = std::move(tenant);
    token.expires = loop.clock().wall() + std::chrono::hours{1};
    principal.token = std::make_shared<core::SubjectToken const>(std::move(token));
    return principal;
  }
  std::string text(core::Principal const* caller) {
    auto const got = get(caller);
    return got ? std::string((*got)->reveal()) : std::string(base::name_of(got.error().fault));
  }
};

}  // namespace weir::oauth
