#include "engine/tokenizer/files/json_names.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(JsonNamesTest, AreInTheFilesOrder) {
  constexpr char kText[] = R"({"z": {"y": 1, "b": {"q": 2}}, "a": [{"x": 3}], "m": {"y": {}}})";
  EXPECT_THAT(NamesInOrder(kText), ElementsAre("z", "a", "m"));
  EXPECT_THAT(NamesInOrder(kText, "z"), ElementsAre("y", "b"));
  EXPECT_THAT(NamesInOrder(kText, "a"), IsEmpty());
  EXPECT_THAT(NamesInOrder("[1]"), IsEmpty());
}

}  // namespace
}  // namespace verdict
