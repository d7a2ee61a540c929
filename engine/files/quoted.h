// Names that come out of a file, as they appear in our messages.
#ifndef VERDICT_ENGINE_FILES_QUOTED_H_
#define VERDICT_ENGINE_FILES_QUOTED_H_

#include <string>
#include <string_view>

namespace verdict {

// `text` in double quotes, control characters and quotes escaped, cut after 100 bytes: whatever a
// file calls its fields, the message stays one readable line.
std::string Quoted(std::string_view text);

}  // namespace verdict

#endif  // VERDICT_ENGINE_FILES_QUOTED_H_
