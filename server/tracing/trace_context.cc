#include "server/tracing/trace_context.h"

#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace verdict {
namespace {

// version-traceid-parentid-flags: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
constexpr size_t kTraceIdAt = 3;
constexpr size_t kSpanIdAt = 36;
constexpr size_t kFlagsAt = 53;
constexpr size_t kLength = 55;
constexpr size_t kIdDigits = 16;  // of 64 bits

constexpr uint64_t kSampledFlag = 1;
constexpr uint64_t kNoVersion = 0xff;

constexpr size_t kMostMembers = 32;
constexpr size_t kMostKeyBytes = 256;
constexpr size_t kMostValueBytes = 256;

// The number that all of `digits` spell in hexadecimal digits of lower case.
std::optional<uint64_t> ParseHex(absl::string_view digits) {
  uint64_t number = 0;
  for (const char digit : digits) {
    number <<= 4;
    if (digit >= '0' && digit <= '9') {
      number += static_cast<uint64_t>(digit - '0');
    } else if (digit >= 'a' && digit <= 'f') {
      number += static_cast<uint64_t>(digit - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return number;
}

bool IsKeyCharacter(char c) {
  return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_' || c == '-' || c == '*' ||
         c == '/' || c == '@';
}

// "vendor" or "tenant@system".
bool IsKey(absl::string_view key) {
  return !key.empty() && key.size() <= kMostKeyBytes &&
         (absl::ascii_islower(key.front()) || absl::ascii_isdigit(key.front())) &&
         absl::c_all_of(key, IsKeyCharacter) && absl::c_count(key, '@') <= 1;
}

// Printable ASCII, but for the two characters that mean something around it.
bool IsValue(absl::string_view value) {
  return !value.empty() && value.size() <= kMostValueBytes && value.back() != ' ' &&
         absl::c_all_of(value, [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

}  // namespace

std::optional<SpanContext> ParseTraceparent(absl::string_view header) {
  if (header.size() < kLength) return std::nullopt;
  for (const size_t dash : {kTraceIdAt - 1, kSpanIdAt - 1, kFlagsAt - 1}) {
    if (header[dash] != '-') return std::nullopt;
  }
  const std::optional<uint64_t> version = ParseHex(header.substr(0, 2));
  const std::optional<uint64_t> high = ParseHex(header.substr(kTraceIdAt, kIdDigits));
  const std::optional<uint64_t> low = ParseHex(header.substr(kTraceIdAt + kIdDigits, kIdDigits));
  const std::optional<uint64_t> span = ParseHex(header.substr(kSpanIdAt, kIdDigits));
  const std::optional<uint64_t> flags = ParseHex(header.substr(kFlagsAt, 2));
  if (!version.has_value() || !high.has_value() || !low.has_value() || !span.has_value() ||
      !flags.has_value() || *version == kNoVersion) {
    return std::nullopt;
  }
  // A later version may have more to say, behind another dash.
  if (header.size() > kLength && (*version == 0 || header[kLength] != '-')) return std::nullopt;
  const SpanContext context = {
      .trace = {*high, *low}, .span = *span, .sampled = (*flags & kSampledFlag) != 0};
  if (!context.valid()) return std::nullopt;
  return context;
}

std::string FormatTraceparent(const SpanContext& context) {
  return absl::StrCat("00-", Hex(context.trace), "-", Hex(context.span),
                      context.sampled ? "-01" : "-00");
}

bool IsTracestate(absl::string_view header) {
  if (header.empty() || header.size() > kMostTracestateBytes) return false;
  std::vector<absl::string_view> keys;
  for (absl::string_view member : absl::StrSplit(header, ',')) {
    member = absl::StripAsciiWhitespace(member);
    if (member.empty()) continue;  // which is allowed
    const size_t equals = member.find('=');
    if (equals == absl::string_view::npos) return false;
    const absl::string_view key = member.substr(0, equals);
    if (!IsKey(key) || !IsValue(member.substr(equals + 1))) return false;
    if (absl::c_linear_search(keys, key)) return false;
    keys.push_back(key);
  }
  return !keys.empty() && keys.size() <= kMostMembers;
}

std::string Hex(const TraceId& id) { return absl::StrCat(Hex(id.high), Hex(id.low)); }

std::string Hex(SpanId id) { return absl::StrCat(absl::Hex(id, absl::kZeroPad16)); }

}  // namespace verdict
