#include "engine/unicode/scalar_class.h"

#include <algorithm>
#include <cstddef>

#include "engine/unicode/unicode.h"

namespace verdict {
namespace {

// Rows of scalar_class_tables.inc; both ends of a range belong to it.
struct ScalarRange {
  char32_t first;
  char32_t last;
};

#include "engine/unicode/scalar_class_tables.inc"

}  // namespace

const ScalarClasses& ScalarClasses::Get() {
  static const ScalarClasses* const kClasses = new ScalarClasses;
  return *kClasses;
}

ScalarClasses::ScalarClasses() : classes_(kMaxScalar + 1, ScalarClass::kOther) {
  const auto set = [this](const auto& ranges, ScalarClass scalar_class) {
    for (const ScalarRange& range : ranges) {
      std::fill(classes_.begin() + static_cast<std::ptrdiff_t>(range.first),
                classes_.begin() + static_cast<std::ptrdiff_t>(range.last) + 1, scalar_class);
    }
  };
  set(kWhiteSpaces, ScalarClass::kWhiteSpace);
  set(kLetters, ScalarClass::kLetter);
  set(kNumbers, ScalarClass::kNumber);
}

}  // namespace verdict
