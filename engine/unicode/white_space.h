// White space at the edges of a text, as the reference tokenizer knows it.
#ifndef VERDICT_ENGINE_UNICODE_WHITE_SPACE_H_
#define VERDICT_ENGINE_UNICODE_WHITE_SPACE_H_

#include <cstddef>
#include <string_view>

namespace verdict {

// The end of the white space that begins at text[begin]; `begin` if there is none.
size_t EndOfWhiteSpace(std::string_view text, size_t begin);

// The beginning, at or after `from`, of the white space that ends at `end`; `end` if there is none.
size_t BeginOfWhiteSpace(std::string_view text, size_t from, size_t end);

}  // namespace verdict

#endif  // VERDICT_ENGINE_UNICODE_WHITE_SPACE_H_
