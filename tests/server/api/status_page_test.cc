#include "server/api/status_page.h"

#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

std::vector<std::pair<std::string, HttpResponse>> Files() {
  std::vector<std::pair<std::string, HttpResponse>> files;
  for (const HttpRoute& route : StatusPageRoutes()) {
    files.emplace_back(route.path, std::get<HttpResponse>(route.get(HttpRequest{})));
  }
  return files;
}

std::string Page() { return Files().front().second.body; }

TEST(StatusPageTest, IsServedWhole) {
  EXPECT_THAT(Page(), AllOf(HasSubstr("<!doctype html>"), HasSubstr("</html>")));
}

TEST(StatusPageTest, HasEveryFileThatItNames) {
  std::set<std::string> served;
  for (const auto& [path, response] : Files()) served.insert(path);
  std::set<std::string> named;
  for (const auto& [path, response] : Files()) {
    const std::regex reference(
        R"re((?:src|stylesheet" href|icon" href|from)[= ]"(?:\./)?([\w.]+)")re");
    for (std::sregex_iterator match(response.body.begin(), response.body.end(), reference), end;
         match != end; ++match) {
      named.insert("/" + (*match)[1].str());
    }
  }
  EXPECT_GE(named.size(), 5u);
  EXPECT_TRUE(std::includes(served.begin(), served.end(), named.begin(), named.end()));
}

TEST(StatusPageTest, NeedsNothingFromElsewhere) {
  for (const auto& [path, response] : Files()) {
    // The name of SVG itself is no address.
    const std::string body =
        std::regex_replace(response.body, std::regex("http://www.w3.org/2000/svg"), "");
    EXPECT_THAT(body, Not(HasSubstr("//www."))) << path;
    EXPECT_THAT(body, Not(HasSubstr("http:"))) << path;
    EXPECT_THAT(body, Not(HasSubstr("https:"))) << path;
  }
}

TEST(StatusPageTest, ForbidsTheBrowserWhatItDoesNotNeed) {
  for (const auto& [path, response] : Files()) {
    EXPECT_THAT(response.headers,
                Contains(Pair("Content-Security-Policy",
                              AllOf(HasSubstr("default-src 'none'"), HasSubstr("script-src 'self'"),
                                    HasSubstr("frame-ancestors 'none'"),
                                    HasSubstr("require-trusted-types-for 'script'"),
                                    Not(HasSubstr("unsafe"))))))
        << path;
  }
  // What the policy would break.
  EXPECT_FALSE(std::regex_search(Page(), std::regex(R"re(\son\w+=|style="|<style|<script>)re")));
}

}  // namespace
}  // namespace verdict
