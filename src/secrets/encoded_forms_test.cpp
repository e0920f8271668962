#include "secrets/encoded_forms.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/base64url.hpp"

namespace weir::secrets {
namespace {

std::set<std::string> forms_of(std::string_view value) {
  std::set<std::string> forms;
  for (auto const& form : encoded_forms(value)) forms.emplace(form.reveal());
  return forms;
}

bool has(std::string_view value, std::string const& form) { return forms_of(value).count(form) == 1; }

TEST(EncodedForms, ATokenOfLettersAndDigitsHasOnlyItsThreePlacesInBase64_F56) {
  EXPECT_EQ(forms_of("abcdefghijkl"),
            (std::set<std::string>{"YWJjZGVmZ2hpamts", "FiY2RlZmdoaWprb", "hYmNkZWZnaGlqa2"}));
}

TEST(EncodedForms, JsonIsAsWeirWritesIt_F56) {
  EXPECT_TRUE(has("a\"b\\c\n\r\t\b\f\x01\x1f/\xC3\xA4", "a\\\"b\\\\c\\n\\r\\t\\b\\f\\u0001\\u001f/\xC3\xA4"));
}

TEST(EncodedForms, UrlsAndFormsHaveDigitsOfBothCases_F56) {
  for (auto const* form : {"a%20%2B~%2A%3D", "a%20%2b~%2a%3d", "a+%2B%7E*%3D", "a+%2b%7e*%3d"})
    EXPECT_TRUE(has("a +~*=", form)) << form;
  EXPECT_EQ(forms_of("a.b-_c").size(), 0U);
}

TEST(EncodedForms, Base64IsTheSameWhateverStandsAround_F56) {
  std::string const value = "\xFB\xFF\xBE ~?>key~?>";
  for (std::size_t before = 0; before < 6; ++before) {
    for (std::size_t behind = 0; behind < 4; ++behind) {
      for (char const around : {'\0', 'x', '\xFF'}) {
        auto const bytes = std::string(before, around) + value + std::string(behind, around);
        for (auto const& code : {base::to_base64(bytes), base::to_base64url(bytes)}) {
          auto const forms = forms_of(value);
          EXPECT_TRUE(std::any_of(forms.begin(), forms.end(), [&](auto const& form) {
            return form.size() >= 8 * value.size() / 6 - 1 && code.find(form) != std::string::npos;
          })) << code;
        }
      }
    }
  }
}

TEST(EncodedForms, BasicForOAuthClientsIsTheBase64OfAnEncodedForm_F56) {
  auto const found_in = [](std::string const& code, std::string_view value) {
    auto const forms = forms_of(value);
    return std::any_of(forms.begin(), forms.end(),
                       [&](auto const& form) { return code.find(form) != std::string::npos; });
  };
  EXPECT_TRUE(found_in(base::to_base64("weir:pass%2Fword+%7E1"), "pass/word ~1"));
  EXPECT_TRUE(found_in(base::to_base64("weir:pass%2Fword%20~1"), "pass/word ~1"));
}

TEST(EncodedForms, ShortBase64IsLeftOutBecauseItCouldBeAWord_F56) {
  EXPECT_TRUE(forms_of("1234567").empty());
  EXPECT_EQ(forms_of("12345678").size(), 3U);
  for (auto const& form : forms_of("12345678")) EXPECT_GE(form.size(), kBase64Min);
}

TEST(EncodedForms, AreFewAndBounded_F56) {
  std::string every;
  for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
  auto const forms = encoded_forms(every);
  EXPECT_EQ(forms.size(), kFormsMax);
  std::size_t bytes = 0;
  for (auto const& form : forms) bytes += form.reveal().size();
  EXPECT_LE(bytes, 50 * every.size());
  EXPECT_EQ(forms_of(every).size(), forms.size()) << "one stands there twice";

  EXPECT_FALSE(encoded_forms(std::string(kEncodedValueBytesMax, 'x')).empty());
  EXPECT_TRUE(encoded_forms(std::string(kEncodedValueBytesMax + 1, 'x')).empty());
  EXPECT_TRUE(encoded_forms("").empty());
}

}  // namespace
}  // namespace weir::secrets
