// A way in which a model directory can be wrong, and what loading it must answer.
#ifndef VERDICT_TESTS_ENGINE_BAD_MODEL_H_
#define VERDICT_TESTS_ENGINE_BAD_MODEL_H_

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "tests/engine/model_directory.h"

namespace verdict {

using Json = nlohmann::json;

// What is done to a good model's directory.
using Damage = std::function<void(const ModelDirectory&)>;

struct BadModel {
  const char* name;
  Damage damage;
  std::string message;  // part of what is said
};

void PrintTo(const BadModel& bad, std::ostream* out);

// How loading that directory ends.
absl::Status Refusal(const std::string& directory);

// It is refused at once, with a message that says what is wrong, and where, once.
void ExpectRefused(const BadModel& bad);

// Name of a parameterised test.
inline std::string CaseName(const ::testing::TestParamInfo<BadModel>& info) {
  return info.param.name;
}

// Damages to config.json: any, or one field with another value.
Damage Config(const std::function<void(Json&)>& edit);
Damage ConfigValue(const std::string& field, const Json& value);
// A file with these bytes.
Damage File(const std::string& name, const std::string& bytes);

}  // namespace verdict

#endif  // VERDICT_TESTS_ENGINE_BAD_MODEL_H_
