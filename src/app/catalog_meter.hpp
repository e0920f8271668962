// CatalogMeter: counts what servers add to, take from and change in what they offer, since they first said
// it, and estimates how much of a model's context their tools take up.
//
// One per process; told on the worker that owns the catalogue, must outlive its feed. An element whose
// description differs counts as `description`, one that differs elsewhere only as `schema`; the first answer
// of a server is no change. Tokens are estimated from the bytes that a modern client gets, whatever its
// model: in the list of all servers, or in the server's own where it is not in that.
#pragma once

#include "observe/metrics.hpp"
#include "router/catalog_set.hpp"

namespace weir::app {

class CatalogMeter final : public router::CatalogListener {
 public:
  explicit CatalogMeter(observe::Metrics& metrics) noexcept : metrics_(metrics) {}
  void catalog_published(router::CatalogSet const& before, router::CatalogSet const& now) override;

 private:
  void count_changes(router::CatalogSet const& before, router::CatalogSet const& now);
  void count_tokens(router::CatalogSet const& before, router::CatalogSet const& now);

  observe::Metrics& metrics_;
};

}  // namespace weir::app
