#include "engine/files/quoted.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace verdict {
namespace {

constexpr size_t kMaxBytes = 100;

bool IsUtf8Continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::string Quoted(std::string_view text) {
  size_t end = std::min(text.size(), kMaxBytes);
  const bool is_cut = end < text.size();
  while (is_cut && end > 0 && IsUtf8Continuation(text[end])) --end;
  // Not every absl::string_view is a std::string_view: Debian's is its own class.
  const absl::string_view kept(text.data(), end);
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape(kept), is_cut ? "…\"" : "\"");
}

}  // namespace verdict
