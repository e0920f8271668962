#include "core/principal.hpp"

#include <gtest/gtest.h>

namespace weir::core {
namespace {

TEST(Principals, TheirIdsTellIssuersTenantsAndSubjectsApart) {
  EXPECT_EQ(subject_id("https://i.test", "ann", ""), "sub:https://i.test|ann");
  EXPECT_EQ(subject_id("https://i.test", "ann", "a:b%"), "sub@a%3Ab%25:https://i.test|ann");
}

TEST(Principals, AnIdIsOfItsSubjectInWhateverTenantAndOfNoOther) {
  for (auto const tenant : {"", "t:1"}) {
    auto const id = subject_id("https://i.test", "auth0|ann", tenant);
    EXPECT_TRUE(is_id_of(id, "https://i.test", "auth0|ann")) << id;
    EXPECT_FALSE(is_id_of(id, "https://i.test", "ann")) << id;
    EXPECT_FALSE(is_id_of(id, "https://i.tes", "auth0|ann")) << id;
    EXPECT_FALSE(is_id_of(id, "https://i.test", "auth0|bob")) << id;
  }
  EXPECT_FALSE(is_id_of("key:https://i.test|ann", "https://i.test", "ann"));
  EXPECT_FALSE(is_id_of("", "", ""));
}

TEST(Principals, WhoHasNamedACallerIsReadFromTheId) {
  Principal ann{subject_id("https://i.test", "auth0|ann", "t"), "jwt", {}, {}, "auth0|ann", "t"};
  EXPECT_EQ(issuer_of(ann), "https://i.test");
  EXPECT_EQ(issuer_of(Principal{"key:ci", "key", {}}), "");
}

}  // namespace
}  // namespace weir::core
