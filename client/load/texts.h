// The texts that a load sends.
#ifndef VERDICT_CLIENT_LOAD_TEXTS_H_
#define VERDICT_CLIENT_LOAD_TEXTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace verdict {

// A few sentences of different lengths, for who has no texts at hand.
std::vector<std::string> BuiltInTexts();

// The lines of a file; empty ones are left out, because they would be refused.
//
// NOT_FOUND: it cannot be opened. INVALID_ARGUMENT: it has no texts.
absl::StatusOr<std::vector<std::string>> ReadTexts(const std::string& path);

// Reads a file of numbers, one a line, and makes a text of so many words for each. The words are
// short and common: most vocabularies know each as one token.
//
// As ReadTexts; INVALID_ARGUMENT also: a line is no number from 1 to 1,000,000.
absl::StatusOr<std::vector<std::string>> TextsOfTokenCounts(const std::string& path);

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_TEXTS_H_
