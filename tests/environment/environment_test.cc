#include "environment/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace verdict {
namespace {

using ::testing::ElementsAre;

const std::vector<OptionVariable> kVariables = {{"--drain-delay", "VERDICT_DRAIN_DELAY"},
                                                {"--threads", "VERDICT_THREADS"}};

class EnvironmentTest : public ::testing::Test {
 protected:
  ~EnvironmentTest() override {
    for (const std::string& name : set_) unsetenv(name.c_str());
  }

  void Set(const std::string& name, const std::string& value) {
    setenv(name.c_str(), value.c_str(), 1);
    set_.push_back(name);
  }

 private:
  std::vector<std::string> set_;
};

TEST_F(EnvironmentTest, ALineEndIsNoPartOfAValue) {
  Set("VERDICT_THREADS", " 4\r\n");
  Set("VERDICT_DRAIN_DELAY", "\n");
  EXPECT_TRUE(IsSet("VERDICT_DRAIN_DELAY"));
  TrimVariables(kVariables);
  EXPECT_STREQ(std::getenv("VERDICT_THREADS"), "4");
  EXPECT_FALSE(IsSet("VERDICT_DRAIN_DELAY"));
}

TEST_F(EnvironmentTest, AMessageNamesTheVariableThatTheValueCameFrom) {
  Set("VERDICT_THREADS", "many");
  const char* const from_variable[] = {"verdictd", "--threadsx", "4"};
  EXPECT_EQ(NameVariable("--threads is \"many\"", kVariables, 3, from_variable),
            "VERDICT_THREADS is \"many\"");
  EXPECT_EQ(NameVariable("--threads: bad", kVariables, 3, from_variable), "VERDICT_THREADS: bad");
  EXPECT_EQ(NameVariable("--drain-delay is bad", kVariables, 3, from_variable),
            "--drain-delay is bad");
  for (const char* given : {"--threads=many", "--threads"}) {
    const char* const from_option[] = {"verdictd", given, "many"};
    EXPECT_EQ(NameVariable("--threads is \"many\"", kVariables, 3, from_option),
              "--threads is \"many\"");
  }
}

TEST_F(EnvironmentTest, WhatNobodyReadsIsNamedWithTheNearestName) {
  Set("VERDICT_X_THREAD", "1");
  Set("VERDICT_X_DRAIN_DELY", "5s");
  Set("VERDICT_X_SERVICE_HOST", "10.0.0.1");
  const std::vector<UnknownVariable> unknown =
      UnknownVariables("VERDICT_X_", {{"", "VERDICT_X_THREADS"}, {"", "VERDICT_X_DRAIN_DELAY"}});
  std::vector<std::string> all;
  for (const auto& [name, nearest] : unknown) all.push_back(name + " -> " + nearest);
  EXPECT_THAT(all, ElementsAre("VERDICT_X_DRAIN_DELY -> VERDICT_X_DRAIN_DELAY",
                               "VERDICT_X_THREAD -> VERDICT_X_THREADS"));
}

TEST_F(EnvironmentTest, WhatKubernetesSetsForServicesIsNoOption) {
  for (const char* name :
       {"VERDICT_SERVICE_HOST", "VERDICT_SERVICE_PORT", "VERDICT_SERVICE_PORT_GRPC", "VERDICT_PORT",
        "VERDICT_PORT_50051_TCP", "VERDICT_PORT_50051_TCP_ADDR", "VERDICT_PORT_50051_TCP_PORT",
        "VERDICT_PORT_50051_TCP_PROTO", "VERDICT_HEADLESS_SERVICE_HOST",
        "VERDICT_BLUE_2_PORT_8080_TCP_ADDR"}) {
    EXPECT_TRUE(IsServiceVariable(name)) << name;
  }
  for (const char* name : {"VERDICT_MODEL", "VERDICT_PORTS", "VERDICT_SERVICE", "VERDICT_SERVER",
                           "VERDICT_PORT_50051", "VERDICT_SERVICE_HOSTS"}) {
    EXPECT_FALSE(IsServiceVariable(name)) << name;
  }
}

}  // namespace
}  // namespace verdict
