// The simplest HTTP client that can look at the server's pages.
#ifndef VERDICT_TESTS_SERVER_HTTP_GET_H_
#define VERDICT_TESTS_SERVER_HTTP_GET_H_

#include <string>

namespace verdict {

// The answer of 127.0.0.1:`port` to GET `path`, status line and headers included; empty if there is
// none within ten seconds.
std::string HttpGet(int port, const std::string& path);

// The answer to any request, which is sent as it is.
std::string HttpExchange(int port, const std::string& request);

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_HTTP_GET_H_
