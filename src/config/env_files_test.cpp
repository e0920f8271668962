#include "config/env_files.hpp"

#include <gtest/gtest.h>

namespace weir::config {
namespace {

std::string value_of(std::string const& line) {
  auto const read = parse_development_file(".env", line);
  if (!read) return read.error().detail;
  return read->empty() ? "nothing" : read->front().first + "=" + read->front().second;
}

MemoryEnvironment developing() {
  MemoryEnvironment environment;
  environment.vars["WEIR_ENV"] = "development";
  return environment;
}

std::string variable(Environment const& environment, std::string const& name) {
  auto const all = with_development_files(environment);
  if (!all) return all.error().detail;
  auto const found = all->find(name);
  return found == all->end() ? "unset" : found->second;
}

TEST(EnvFiles, LinesAreRead_R050) {
  EXPECT_EQ(value_of("A=b"), "A=b");
  EXPECT_EQ(value_of("  export A_1 = b c  # why\r\n"), "A_1=b c");
  EXPECT_EQ(value_of("A="), "A=");
  EXPECT_EQ(value_of("A=#"), "A=");
  EXPECT_EQ(value_of("A=a#b=c"), "A=a#b=c");
  EXPECT_EQ(value_of("A='a # \\n \"b\" ' # c"), "A=a # \\n \"b\" ");
  EXPECT_EQ(value_of(R"(A="a\n\t\r\"\\\$b # c")"), "A=a\n\t\r\"\\$b # c");
  EXPECT_EQ(value_of("A=${B}$C"), "A=${B}$C");  // nothing is expanded
  EXPECT_EQ(value_of("\n \t\n# A=b"), "nothing");
}

TEST(EnvFiles, WhatIsWrongIsSaidWithFileAndLineAndWithoutValues) {
  EXPECT_EQ(value_of("A=b\n\nsecret"), ".env:3: the line is no NAME=value");
  EXPECT_EQ(value_of("1A=secret"), ".env:1: the line does not begin with the name of a variable");
  EXPECT_EQ(value_of("=secret"), ".env:1: the line does not begin with the name of a variable");
  EXPECT_EQ(value_of("A=\"secret"), ".env:1: the line has a quote that is not closed");
  EXPECT_EQ(value_of("A=\"secret\\"), ".env:1: the line has a quote that is not closed");
  EXPECT_EQ(value_of("A='secret' x"), ".env:1: the line has something behind its closing quote");
  EXPECT_EQ(value_of(R"(A="\x")"),
            ".env:1: the line has a backslash before a character that has no such form");
  EXPECT_EQ(value_of(std::string("A=a\0b", 5)), ".env:1: the line has a zero byte");
}

TEST(EnvFiles, AreReadInDevelopmentOnly_R050) {
  auto environment = developing();
  environment.files["/here/.env"] = "A=file";
  EXPECT_EQ(variable(environment, "A"), "file");
  for (auto const* const other : {"production", "", "dev", "staging", "Development"}) {
    environment.vars["WEIR_ENV"] = other;
    EXPECT_EQ(variable(environment, "A"), "unset") << other;
  }
  environment.vars.erase("WEIR_ENV");
  EXPECT_EQ(variable(environment, "A"), "unset");
  environment.files["/here/.env"] = "WEIR_ENV=development\nA=file\n\"";
  EXPECT_EQ(variable(environment, "A"), "unset");  // not even looked at
}

TEST(EnvFiles, WhatIsSetStaysAndTheLocalFilesAreStronger_R050) {
  auto environment = developing();
  environment.vars["SET"] = "real";
  environment.vars["EMPTY"] = "";
  environment.files["/here/.env"] = "SET=1\nEMPTY=1\nA=1\nB=1\nC=1\nC=2\nWEIR_ENV=production";
  environment.files["/here/.env.local"] = "A=2\nB=2";
  environment.files["/here/.env.development.local"] = "A=3";
  environment.files["/here/.env.production.local"] = "A=4";
  EXPECT_EQ(variable(environment, "SET"), "real");
  EXPECT_EQ(variable(environment, "EMPTY"), "");
  EXPECT_EQ(variable(environment, "A"), "3");
  EXPECT_EQ(variable(environment, "B"), "2");
  EXPECT_EQ(variable(environment, "C"), "2");
  EXPECT_EQ(variable(environment, "WEIR_ENV"), "development");
}

TEST(EnvFiles, TheirSizeIsBounded) {
  auto environment = developing();
  std::string text = "A=b\n";
  text += '#' + std::string(kDevelopmentFileBytesMax - text.size() - 1, 'x');
  environment.files["/here/.env.local"] = text;
  EXPECT_EQ(variable(environment, "A"), "b");
  environment.files["/here/.env.local"] += 'x';
  EXPECT_EQ(variable(environment, "A"), ".env.local: too large");
}

}  // namespace
}  // namespace weir::config
