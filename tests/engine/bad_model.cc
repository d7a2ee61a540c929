#include "tests/engine/bad_model.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "engine/model.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

constexpr double kLongestRefusalSeconds = 0.5;  // 0.01, or 0.2 with a sanitizer on a busy machine

size_t Count(absl::string_view text, const std::string& part) {
  return std::vector<absl::string_view>(absl::StrSplit(text, part)).size() - 1;
}

// CPU time, whatever else the machine is busy with; the least of three, as caches are shared, too.
double RefusalSeconds(const std::string& directory) {
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 3; ++i) {
    const std::clock_t begin = std::clock();
    EXPECT_FALSE(Refusal(directory).ok());
    least = std::min(least, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  return least;
}

}  // namespace

void PrintTo(const BadModel& bad, std::ostream* out) { *out << bad.name; }

absl::Status Refusal(const std::string& directory) {
  return LoadModel(directory, EngineOptions{.max_batch_tokens = 16}).status();
}

void ExpectRefused(const BadModel& bad) {
  const ModelDirectory directory;
  bad.damage(directory);
  const absl::Status status = Refusal(directory.path());
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(bad.message));
  EXPECT_EQ(Count(status.message(), directory.path()), 1) << status;
  EXPECT_LT(RefusalSeconds(directory.path()), kLongestRefusalSeconds);
}

Damage Config(const std::function<void(Json&)>& edit) {
  return [edit](const ModelDirectory& directory) { directory.EditConfig(edit); };
}

Damage ConfigValue(const std::string& field, const Json& value) {
  return Config([field, value](Json& config) { config[field] = value; });
}

Damage File(const std::string& name, const std::string& bytes) {
  return [name, bytes](const ModelDirectory& directory) { directory.Write(name, bytes); };
}

}  // namespace verdict
