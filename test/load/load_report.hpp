// Report: what a load run found, as checks that passed or failed and as figures.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace weir::load {

struct Report {
  std::vector<std::string> passed;
  std::vector<std::string> failed;  // with the reason
  std::vector<std::string> skipped;
  std::vector<std::pair<std::string, double>> figures;

  void check(bool holds, std::string what, std::string found) {
    if (holds) {
      passed.push_back(std::move(what));
    } else {
      failed.push_back(std::move(what) + ": " + std::move(found));
    }
  }
};

}  // namespace weir::load
