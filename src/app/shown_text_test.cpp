#include "app/shown_text.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

TEST(ShownText, HidesNothingAndMovesNothing) {
  EXPECT_EQ(shown("\x1b[2Jgone"), "?[2Jgone");
  EXPECT_EQ(shown("a\u202Eb\u2066c\u0085d\u061Ce\u2028f"), "a?b?c?d?e?f");
  EXPECT_EQ(shown("a\r\nb\tc"), "a  b c");
  EXPECT_EQ(shown_lines("a\r\nb\tc\x07"), "a\nb\tc?");
}

TEST(ShownText, ShowsThatThereIsWhatNobodySees) {  // acceptance row 57
  EXPECT_EQ(shown("a\u200Bb\u2060c\U000E0041d\U000E0100e\uFE0Ff\u00ADg"), "a?b?c?d?e?f?g");
  EXPECT_EQ(shown_lines("a\u200B\nb"), "a?\nb");
  auto const ordinary =
      "❤\uFE0F\u200D🔥 \U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F";
  EXPECT_EQ(shown(ordinary), ordinary);
}

TEST(ShownText, KeepsWhatIsUtf8AndReplacesWhatIsNot) {
  EXPECT_EQ(shown("größe 🦫"), "größe 🦫");
  EXPECT_EQ(shown("\xC0\xAF|\xED\xA0\x80|\xF4\x90\x80\x80|\xE2\x82"), "??|???|????|??");
}

TEST(ShownText, PadsByCharacters) {
  EXPECT_EQ(left("ü", 3) + "|", "ü  |");
  EXPECT_EQ(right("ü", 3), "  ü");
  EXPECT_EQ(left("long", 2), "long");
}

TEST(ShownText, TakesTheLastLines) {
  EXPECT_EQ(last_lines("1\n\n2\n3\n  \n", 2, "> "), "> 2\n> 3\n");
  EXPECT_EQ(last_lines("no newline", 5, "> "), "> no newline\n");
  EXPECT_EQ(last_lines("", 5, "> "), "");
}

TEST(ShownText, TakesTheFirstSentence) {
  EXPECT_EQ(first_sentence("  Reads a file. Slowly."), "Reads a file");
  EXPECT_EQ(first_sentence("v1.2 of it\nMore"), "v1.2 of it");
  EXPECT_EQ(first_sentence("Ends here."), "Ends here");
}

}  // namespace
}  // namespace weir::app
