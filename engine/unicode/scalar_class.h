// Letters, numbers and white space, as the regular expression of GPT-2's tokenizer tells them
// apart.
//
// The reference evaluates it with Oniguruma 6.9.10, whose tables are those of Unicode 16.0: newer
// than all others in unicode.h. Ours are made from the reference too (scalar_class_tables.py).
#ifndef VERDICT_ENGINE_UNICODE_SCALAR_CLASS_H_
#define VERDICT_ENGINE_UNICODE_SCALAR_CLASS_H_

#include <cstdint>
#include <vector>

namespace verdict {

enum class ScalarClass : uint8_t {
  kOther,       // punctuation, symbols, marks, controls, unassigned
  kWhiteSpace,  // \s: Unicode's White_Space
  kLetter,      // \p{L}
  kNumber,      // \p{N}
};

// The class of every scalar value: a byte each, 1.1 MB, made when first asked for. Immutable; any
// thread may use it.
class ScalarClasses {
 public:
  static const ScalarClasses& Get();

  // REQUIRES: scalar <= kMaxScalar (unicode.h).
  ScalarClass Of(char32_t scalar) const { return classes_[scalar]; }

 private:
  ScalarClasses();

  std::vector<ScalarClass> classes_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_UNICODE_SCALAR_CLASS_H_
