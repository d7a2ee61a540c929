// The order of names in a JSON object: the parsed document has none, and where it decides which new
// token gets which id, the reference goes by the file's.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_JSON_NAMES_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_JSON_NAMES_H_

#include <string>
#include <string_view>
#include <vector>

namespace verdict {

// The names of the object `text`, in the file's order; with a `member`, those of the object that is
// the value of this name. Empty if there is no such object. REQUIRES: `text` is valid for
// ParseJson.
std::vector<std::string> NamesInOrder(std::string_view text, std::string_view member = "");

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_JSON_NAMES_H_
