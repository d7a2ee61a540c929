#include "server/process/listen_address.h"

#include <sys/un.h>

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace verdict {
namespace {

constexpr absl::string_view kUnix = "unix:";
constexpr absl::string_view kIpv6Characters = "0123456789abcdefABCDEF:.";
constexpr absl::string_view kNameCharacters =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_";
// The kernel keeps a zero behind the path.
constexpr size_t kMostPathBytes = sizeof(sockaddr_un::sun_path) - 1;

absl::Status NoAddress(absl::string_view expected, absl::string_view found) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", expected, ", found \"", found, "\""));
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text) {
  if (absl::StartsWith(text, kUnix)) {
    const std::string path = text.substr(kUnix.size());
    if (path.empty() || path.size() > kMostPathBytes) {
      return NoAddress(absl::StrCat("a path of 1 to ", kMostPathBytes, " bytes after unix:"), text);
    }
    return ListenAddress{.host = "", .path = path};
  }
  const absl::string_view view = text;
  const size_t colon = view.rfind(':');
  const absl::string_view host = view.substr(0, colon);
  uint32_t port = 0;
  const bool has_port = colon != absl::string_view::npos &&
                        absl::SimpleAtoi(view.substr(colon + 1), &port) && port <= 65535 &&
                        absl::ascii_isdigit(view[colon + 1]);
  const bool is_ipv6 = absl::StartsWith(host, "[") && absl::EndsWith(host, "]");
  const absl::string_view name = is_ipv6 ? host.substr(1, host.size() - 2) : host;
  if (!has_port || name.empty() ||
      name.find_first_not_of(is_ipv6 ? kIpv6Characters : kNameCharacters) !=
          absl::string_view::npos) {
    return NoAddress("HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, or unix:PATH", text);
  }
  return ListenAddress{.host = std::string(name), .port = static_cast<int>(port), .path = ""};
}

}  // namespace verdict
