#include "app/sources.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

struct Project {
  config::MemoryEnvironment environment;
  config::TrustStore agreed;

  FoundSources found() const {
    FoundSources out;
    EXPECT_EQ(find_sources({}, environment, out), 0);
    return out;
  }
  bool refuses() const { return without_consent(found(), agreed) != nullptr; }
};

TEST(Sources, TrustAgreesToWhatIsThereAndToNothingLater_P111) {
  Project project;
  project.environment.vars["HOME"] = "/home/u";
  auto& files = project.environment.files;
  files["/here/.mcp.json"] = R"({"mcpServers":{"a":{"command":"a"}}})";
  EXPECT_TRUE(project.refuses());
  EXPECT_EQ(take_consent(project.found(), true, project.agreed, project.environment), 0);
  EXPECT_FALSE(project.refuses());
  EXPECT_FALSE(config::load_trust(project.environment)
                   .needs_consent("/here/.mcp.json", config::content_hash(files["/here/.mcp.json"])))
      << "as a yes is remembered";

  files["/here/.cursor/mcp.json"] = R"({"mcpServers":{"b":{"command":"b"}}})";
  EXPECT_TRUE(project.refuses()) << "a file that has come since";
  files.erase("/here/.cursor/mcp.json");
  files["/here/.mcp.json"] = R"({"mcpServers":{"a":{"command":"other"}}})";
  EXPECT_TRUE(project.refuses()) << "a file that has changed since";
}

}  // namespace
}  // namespace weir::app
