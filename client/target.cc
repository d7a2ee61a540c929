#include "client/target.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace verdict {
namespace {

enum class HostKind { kName, kIpv4, kIpv6 };

bool IsAddress(int family, absl::string_view host) {
  in6_addr address;  // the larger of the two
  return inet_pton(family, std::string(host).c_str(), &address) == 1;
}

absl::StatusOr<HostKind> CheckServer(absl::string_view server) {
  const absl::Status refused = absl::InvalidArgumentError(absl::StrCat(
      "server is \"", server, "\"; expected HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051"));
  const size_t colon = server.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) return refused;
  absl::string_view host = server.substr(0, colon);
  int port = 0;
  if (!absl::SimpleAtoi(server.substr(colon + 1), &port) || port < 1 || port > 65535) {
    return refused;
  }
  if (absl::ConsumePrefix(&host, "[")) {
    if (!absl::ConsumeSuffix(&host, "]") || !IsAddress(AF_INET6, host)) return refused;
    return HostKind::kIpv6;
  }
  if (host.find_first_of(":/@[] \t") != absl::string_view::npos) return refused;
  return IsAddress(AF_INET, host) ? HostKind::kIpv4 : HostKind::kName;
}

}  // namespace

absl::StatusOr<std::string> ToTarget(absl::string_view servers) {
  for (const char* scheme : {"dns:", "ipv4:", "ipv6:", "unix:"}) {
    // A host may be called dns: then all that follows is a port.
    int port = 0;
    if (absl::StartsWith(servers, scheme) && !absl::SimpleAtoi(servers.substr(4), &port)) {
      return std::string(servers);
    }
  }
  std::vector<absl::string_view> list = absl::StrSplit(servers, ',');
  HostKind all = HostKind::kName;
  for (size_t i = 0; i < list.size(); ++i) {
    list[i] = absl::StripAsciiWhitespace(list[i]);
    const absl::StatusOr<HostKind> kind = CheckServer(list[i]);
    if (!kind.ok()) return kind.status();
    if (i == 0) all = *kind;
    if (list.size() > 1 && *kind == HostKind::kName) {
      return absl::InvalidArgumentError(
          absl::StrCat("server is a list with the name \"", list[i],
                       "\"; expected addresses, or a single name that stands for all servers"));
    }
    if (*kind != all) {
      return absl::InvalidArgumentError(absl::StrCat("server is \"", servers,
                                                     "\"; expected addresses of one kind, all IPv4 "
                                                     "or all IPv6"));
    }
  }
  const char* scheme = all == HostKind::kName ? "dns:" : all == HostKind::kIpv4 ? "ipv4:" : "ipv6:";
  return absl::StrCat(scheme, absl::StrJoin(list, ","));
}

}  // namespace verdict
