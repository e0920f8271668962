// From the settings to the options of the layers that bound what a failing server can do. Pure.
//
// Plain functions without state; any thread. Limits and defaults are the settings' own; a server without a
// section gets the defaults (C-7).
#pragma once

#include <memory>

#include "config/settings.hpp"
#include "core/repeatable.hpp"
#include "fallback/fallback_layer.hpp"
#include "resilience/breaker.hpp"
#include "resilience/hedge_layer.hpp"
#include "resilience/limit_layer.hpp"

namespace weir::app {

config::Degradation const& degradation_of(config::Settings const& settings, std::string const& server);

// Without what is local: that is no matter of settings alone.
fallback::FallbackOptions fallback_options(config::Settings const& settings, config::Server const& server);
resilience::BreakerOptions breaker_options(config::Degradation const& degradation);
resilience::RetryOptions retry_options(config::Degradation const& degradation);
// On only where a second attempt may go to another address.
resilience::HedgeOptions hedge_options(config::Degradation const& degradation, config::Server const& server);
// `timeout` is what a call has.
resilience::LimitOptions limit_options(config::Degradation const& degradation, base::Duration timeout);
core::RepeatRules repeat_rules(config::Degradation const& degradation);

}  // namespace weir::app
