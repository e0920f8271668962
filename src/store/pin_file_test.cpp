#include "store/pin_file.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

namespace weir::store {
namespace {

namespace fs = std::filesystem;
using Write = PinFile::Write;

class PinFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "weir-pins-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    file_ = folder_ / "state" / "pins.db";
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::unique_ptr<PinFile> open() { return std::move(PinFile::open(file_)).value(); }

  fs::path folder_, file_;
  PinRow const a_{"", "a", "1", "{}", false};
  PinRow const b_{"", "b", "2", "", true};
  PinRow const as_acme_{"acme", "a", "3", "{}", true};
};

TEST_F(PinFileTest, WhatIsWrittenIsThereAfterAStart) {
  EXPECT_TRUE(open()->write("one", {b_, a_}, Write::more).has_value());
  auto const file = open();
  EXPECT_EQ(file->read("one", 9).value(), (std::vector<PinRow>{a_, b_}));
  EXPECT_EQ(file->read("one", 1).value(), (std::vector<PinRow>{a_}));
  EXPECT_TRUE(file->read("two", 9).value().empty());
}

TEST_F(PinFileTest, TheFirstSightStaysUnlessAPersonApproves_T56) {
  auto const file = open();
  PinRow later = a_;
  later.hash = "9";
  ASSERT_TRUE(file->write("one", {a_}, Write::more).has_value());
  ASSERT_TRUE(file->write("one", {later}, Write::more).has_value());
  EXPECT_EQ(file->read("one", 9).value(), (std::vector<PinRow>{a_}));
  later.approved = true;
  ASSERT_TRUE(file->write("one", {later}, Write::more).has_value());
  EXPECT_EQ(file->read("one", 9).value(), (std::vector<PinRow>{later}));
}

TEST_F(PinFileTest, AnewMeansAllOfThatOwnerAndNobodyElse) {
  auto const file = open();
  ASSERT_TRUE(file->write("one", {a_}, Write::more).has_value());
  ASSERT_TRUE(file->write("two", {a_}, Write::more).has_value());
  ASSERT_TRUE(file->write("one", {b_}, Write::all).has_value());
  EXPECT_EQ(file->read("one", 9).value(), (std::vector<PinRow>{b_}));
  EXPECT_EQ(file->read("two", 9).value(), (std::vector<PinRow>{a_}));
}

TEST_F(PinFileTest, TenantsHaveRowsOfTheirOwn_T56) {
  auto const file = open();
  ASSERT_TRUE(file->write("one", {a_, b_}, Write::more).has_value());
  PinRow as_other = as_acme_;
  as_other.tenant = "other";
  as_other.tool = "b";
  ASSERT_TRUE(file->write("one", {as_acme_}, Write::more).has_value());
  ASSERT_TRUE(file->write("one", {as_other}, Write::more).has_value());
  ASSERT_TRUE(file->write("two", {as_acme_}, Write::more).has_value());
  EXPECT_EQ(file->read("one", 9).value(), (std::vector<PinRow>{a_, b_, as_acme_, as_other}));
  EXPECT_EQ(file->read("one", 2).value(), (std::vector<PinRow>{a_, b_})) << "those of all come first";

  PinRow next = as_acme_;
  next.tool = "c";
  ASSERT_TRUE(file->write("one", {next}, Write::tenant).has_value());
  EXPECT_EQ(file->read("one", 9).value(), (std::vector<PinRow>{a_, b_, next, as_other}));
  ASSERT_TRUE(file->write("one", {b_}, Write::more).has_value());  // approved for all
  EXPECT_EQ(file->read("one", 9).value(), (std::vector<PinRow>{a_, b_, next}));
  ASSERT_TRUE(file->write("one", {a_}, Write::more).has_value());  // seen, not approved
  EXPECT_EQ(file->read("one", 9)->size(), 3U);
  ASSERT_TRUE(file->write("one", {b_}, Write::all).has_value());
  EXPECT_EQ(file->read("one", 9).value(), (std::vector<PinRow>{b_}));
  EXPECT_EQ(file->read("two", 9).value(), (std::vector<PinRow>{as_acme_}));
}

TEST_F(PinFileTest, AFileThatKnowsNoTenantsIsTakenOver) {
  fs::create_directories(file_.parent_path());
  {
    Database old(file_.string(), {});
    ASSERT_EQ(
        old.run("CREATE TABLE pins(owner TEXT NOT NULL, tool TEXT NOT NULL, hash TEXT NOT NULL,"
                " definition TEXT NOT NULL, approved INTEGER NOT NULL, PRIMARY KEY(owner, tool))"
                " WITHOUT ROWID;"
                "INSERT INTO pins VALUES('one','a','1','{}',0),('one','b','2','',1),('two','a','1','{}',0)"),
        SQLITE_OK);
  }
  for (int opened = 0; opened < 2; ++opened) {
    auto const file = open();
    EXPECT_EQ(file->read("one", 9).value(), (std::vector<PinRow>{a_, b_}));
    EXPECT_EQ(file->read("two", 9).value(), (std::vector<PinRow>{a_}));
  }
}

TEST_F(PinFileTest, AFileOfALaterVersionIsLeftAsItIs) {
  open();
  {
    Database later(file_.string(), {});
    ASSERT_EQ(later.run("PRAGMA user_version=2"), SQLITE_OK);
  }
  auto const opened = PinFile::open(file_);
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().detail.find("version 2"), std::string::npos) << opened.error().detail;
  EXPECT_NE(opened.error().hint, "");
  Database later(file_.string(), {});
  EXPECT_EQ(later.number("PRAGMA user_version"), 2);
}

TEST_F(PinFileTest, ItIsForItsOwnerAlone) {
  open();
  struct stat info {};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(file_.parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST_F(PinFileTest, ADamagedFileIsNotForgotten) {
  fs::create_directories(file_.parent_path());
  std::ofstream(file_) << std::string(4096, 'x');
  auto const opened = PinFile::open(file_);
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().detail.find("pins.db: "), std::string::npos);
  EXPECT_NE(opened.error().hint, "");
  EXPECT_EQ(fs::file_size(file_), 4096U);
}

TEST_F(PinFileTest, ItsSizeIsBoundedAndWhatIsInItStays) {
  constexpr std::uint64_t kSmall = 64 * 1024;
  auto const file = std::move(PinFile::open(file_, kSmall)).value();
  PinRow large = b_;
  large.definition = std::string(kSmall / 2, 'x');
  EXPECT_TRUE(file->write("one", {a_, large}, Write::more).has_value());
  large.definition = std::string(kSmall, 'x');
  EXPECT_FALSE(file->write("two", {a_, large}, Write::more).has_value());
  EXPECT_EQ(file->read("one", 9)->size(), 2U);
  EXPECT_TRUE(file->read("two", 9)->empty());
  EXPECT_LE(fs::file_size(file_), kSmall);
}

TEST_F(PinFileTest, AFolderThatCannotBeMadeIsSaid) {
  std::ofstream(folder_ / "state") << "a file";
  EXPECT_FALSE(PinFile::open(file_).has_value());
}

}  // namespace
}  // namespace weir::store
