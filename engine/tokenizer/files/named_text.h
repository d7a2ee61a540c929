// A file's content with its name.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_NAMED_TEXT_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_NAMED_TEXT_H_

#include <string>
#include <string_view>

namespace verdict {

// A file's content, and its name for messages. Borrows the content.
struct NamedText {
  std::string_view text;
  std::string name;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_NAMED_TEXT_H_
