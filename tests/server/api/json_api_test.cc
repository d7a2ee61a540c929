#include "server/api/json_api.h"

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "latency/steady_clock.h"
#include "server/http/server.h"
#include "tests/server/fixtures/http_get.h"
#include "tests/server/fixtures/serving_fixture.h"

namespace verdict {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kJson[] = "Content-Type: application/json\r\n";
constexpr char kGood[] = R"({"input":{"text":"good film"}})";

class JsonApiTest : public ServingTest {
 protected:
  JsonApiTest() : JsonApiTest({.max_batch_tokens = 64, .max_queue_tokens = 40}) {}

  explicit JsonApiTest(TextQueue::Limits queue)
      : ServingTest(queue, {.max_texts = 100, .max_bytes = 10'000'000}) {
    std::vector<HttpRoute> routes = api_.Routes();
    routes.push_back({"/up", [](const HttpRequest&) { return HttpResponse{.body = "up"}; }});
    http_ = *HttpServer::Start({"127.0.0.1:0"}, std::move(routes));
  }

  std::string Post(const std::string& path, const std::string& body,
                   const std::string& headers = kJson) {
    return HttpExchange(http_->port(),
                        absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: verdict:8080\r\n", headers,
                                     "Content-Length: ", body.size(), "\r\n\r\n", body));
  }

  std::string Classify(const std::string& body, const std::string& headers = kJson) {
    return Post("/v1/classify", body, headers);
  }

  JsonApi api_{{.channel = server_->InProcessChannel({}),
                .entry = absl::OkStatus(),
                .origins = HttpOrigins({"https://app.example"}),
                .max_text_bytes = 1000,
                .admission = &admission_,
                .metrics = &metrics_}};
  std::unique_ptr<HttpServer> http_;
};

TEST_F(JsonApiTest, ClassifyHasTheJsonFormOfItsMessages) {
  ScriptLogits({0, 1});
  EXPECT_THAT(Classify(R"({"input":{"text":"good film"},"options":{"topK":1}})"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Type: application/json\r\n"),
                    HasSubstr("\r\n\r\n{\"label\":\"POSITIVE\",\"score\":0.73105"),
                    HasSubstr(R"("tokens":{"total":4,"used":4,"truncated":false})"),
                    Not(HasSubstr("NEGATIVE"))));
}

TEST_F(JsonApiTest, FieldsHaveBothTheirNames) {
  for (const char* body : {R"({"input":{"text":"good","textPair":"bad"}})",
                           R"({"input":{"text":"good","text_pair":"bad"}})"}) {
    EXPECT_THAT(Classify(body), HasSubstr(R"("tokens":{"total":5,)")) << body;
  }
}

TEST_F(JsonApiTest, IsACallLikeAnyOther) {
  Classify(kGood);
  EXPECT_TRUE(ExposesHandled("Classify", "OK", 1));
  EXPECT_TRUE(Exposes("verdict_latency_seconds_count{stage=\"total\"} 1"));
  Classify(R"({"input":{"text":""}})");
  EXPECT_TRUE(ExposesHandled("Classify", "InvalidArgument", 1));
  AwaitInFlight(0, 0);
}

TEST_F(JsonApiTest, TokenizeMarksWhatTruncationCuts) {
  const std::string body = R"({"input":{"text":"good bad film good bad film film film film"},)"
                           R"("addSpecialTokens":true,"truncation":"RIGHT"})";
  EXPECT_THAT(Post("/v1/tokenize", body),
              HasSubstr(R"("text":"film","begin":23,"end":27,"cut":false},)"
                        R"({"id":7,"text":"film","begin":28,"end":32,"cut":true})"));
}

TEST_F(JsonApiTest, ModelIsGetModel) {
  EXPECT_THAT(HttpGet(http_->port(), "/v1/model"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr(R"("name":"tiny")"),
                    HasSubstr(R"("maxTokens":8)")));
}

TEST_F(JsonApiTest, ARefusalIsAStatusOfGoogleRpc) {
  EXPECT_THAT(
      Classify(R"({"input":{"text":""}})"),
      AllOf(
          StartsWith("HTTP/1.1 400 "), HasSubstr("Content-Type: application/json\r\n"),
          HasSubstr("\r\n\r\n{\"code\":3,\"message\":\"input.text is empty; expected a text\",")));
  EXPECT_THAT(Classify(absl::StrCat(R"({"input":{"text":")", std::string(1001, 'x'), "\"}}")),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("--max-text-bytes allows 1000")));
  EXPECT_THAT(Classify(R"({"input":{"text":"good"},"options":{"truncation":9}})"),
              HasSubstr("options.truncation is 9; expected 0 to 4"));
}

TEST_F(JsonApiTest, ARefusalHasDetailsForPrograms) {
  EXPECT_THAT(Classify(R"({"input":{"text":""}})"),
              AllOf(HasSubstr(R"("details":[{"@type":"type.googleapis.com/google.rpc.BadRequest",)"
                              R"("fieldViolations":[{"field":"input.text",)"),
                    HasSubstr(R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo",)"
                              R"("reason":"BAD_FIELD","domain":"verdict.v1"})")));
  EXPECT_THAT(Classify("{"), HasSubstr(R"("reason":"MALFORMED_REQUEST")"));
  open_calls_.Drain();
  EXPECT_THAT(Classify(kGood),
              AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("\r\nRetry-After: 1\r\n"),
                    HasSubstr(R"("reason":"DRAINING")")));
}

TEST_F(JsonApiTest, AWrongFieldIsAnsweredWithTheRightOne) {
  EXPECT_THAT(Classify(R"({"inputs":{"text":"good"}})"),
              AllOf(StartsWith("HTTP/1.1 400 "),
                    HasSubstr(R"(the body has no field \"inputs\"; did you mean \"input\"?)"),
                    HasSubstr(R"("reason":"BAD_FIELD")")));
}

TEST_F(JsonApiTest, OnlyTheMessageIsTaken) {
  for (const std::string body :
       {"", "{", "[]", "null1", R"({"input":{"txt":"good"}})", R"({"input":"good"})",
        R"({"input":{"text":"good"},"options":{"truncation":"UP"}})",
        "{\"input\":{\"text\":\"\xff\"}}", R"({"input":{"text":"\ud800"}})",
        R"({"input":{"text":"good"}} x)"}) {
    EXPECT_THAT(Classify(body), AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("{\"code\":3,")))
        << body;
  }
  EXPECT_THAT(Classify(std::string(4000, '[')), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(ExposesHandled("Classify", "OK", 0));
  EXPECT_THAT(Classify(kGood), StartsWith("HTTP/1.1 200 "));
}

TEST_F(JsonApiTest, ABodyLargerThanAnyTextIsNotRead) {
  EXPECT_THAT(Classify(std::string(JsonApi::MaxBodyBytes(1000) + 1, ' ')),
              AllOf(StartsWith("HTTP/1.1 413 "), HasSubstr("the body has 22385 bytes")));
}

TEST_F(JsonApiTest, ATextOfEscapesFits) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "\\u0067";
  EXPECT_THAT(Classify(absl::StrCat(R"({"input":{"text":")", text, "\"}}")),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(JsonApiTest, ATimeOutIsTheCallsDeadline) {
  engine_.Hold();
  EXPECT_THAT(Classify(kGood, absl::StrCat(kJson, "Grpc-Timeout: 50m\r\n")),
              AllOf(StartsWith("HTTP/1.1 504 "), HasSubstr("{\"code\":4,")));
  engine_.Release();
  for (const char* timeout : {"", "5", "S", "-1S", "1.5S", "123456789S", "1s", "1 S"}) {
    EXPECT_THAT(Classify(kGood, absl::StrCat(kJson, "Grpc-Timeout: ", timeout, "\r\n")),
                AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("Grpc-Timeout")))
        << timeout;
  }
  EXPECT_THAT(Classify(kGood, absl::StrCat(kJson, "Grpc-Timeout: 99999999H\r\n")),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(JsonApiTest, AFullQueueSaysWhenToTryAgain) {
  engine_.Hold();
  std::vector<std::thread> callers;
  std::atomic<int> answered = 0;
  const auto call = [&] {
    Classify(R"({"input":{"text":"good film film film film film"}})");
    ++answered;
  };
  callers.emplace_back(call);
  engine_.AwaitRuns(1);
  for (int i = 0; i < 5; ++i) callers.emplace_back(call);
  // A caller who is not refused waits for the engine, but no longer than HttpExchange does.
  while (answered == 0 && !Exposes("verdict_queue_tokens 40")) std::this_thread::yield();
  EXPECT_EQ(answered, 0);
  EXPECT_THAT(Classify(kGood), AllOf(StartsWith("HTTP/1.1 429 "), HasSubstr("\r\nRetry-After: "),
                                     HasSubstr("{\"code\":8,")));
  engine_.Release();
  for (std::thread& caller : callers) caller.join();
}

// A queue that holds more calls than the HTTP port takes.
class JsonApiWithRoomTest : public JsonApiTest {
 protected:
  JsonApiWithRoomTest() : JsonApiTest({.max_batch_tokens = 64, .max_queue_tokens = 4000}) {}
};

TEST_F(JsonApiWithRoomTest, CallsThatWaitLeaveThreadsToOthers) {
  engine_.Hold();
  std::vector<std::thread> callers;
  std::atomic<int> refused = 0;
  std::atomic<int> answered = 0;
  for (int i = 0; i < JsonApi::kMost + 20; ++i) {
    callers.emplace_back([&] {
      refused += absl::StrContains(Classify(kGood), "the HTTP port takes 64 calls") ? 1 : 0;
      ++answered;
    });
  }
  // Who is not refused waits for the engine, but no longer than HttpExchange does.
  while (answered < 20) std::this_thread::yield();
  EXPECT_EQ(refused, 20);
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"in_flight\"} 20"));
  const absl::Time begin = SteadyNow();
  EXPECT_THAT(HttpGet(http_->port(), "/up"), StartsWith("HTTP/1.1 200 "));
  EXPECT_LT(SteadyNow() - begin, absl::Seconds(2));
  engine_.Release();
  for (std::thread& caller : callers) caller.join();
  EXPECT_THAT(Classify(kGood), StartsWith("HTTP/1.1 200 "));
}

// What the route makes of a request for the model.
HttpResponse ModelBy(const HttpRoute& route) {
  HttpAnswer answer = route.get(HttpRequest{});
  std::promise<HttpResponse> response;
  std::get<std::unique_ptr<HttpWork>>(answer)->Answer(
      "", [&](const std::function<HttpResponse()>& make) { response.set_value(make()); });
  return response.get_future().get();
}

TEST_F(JsonApiTest, AReplyThatIsNotSentYetIsACallThatIsNotDone) {
  const HttpRoute model = api_.Routes().back();
  std::vector<HttpResponse> unsent;
  for (int i = 0; i < JsonApi::kMost; ++i) {
    unsent.push_back(ModelBy(model));
    EXPECT_EQ(unsent.back().status, 200);
  }
  EXPECT_EQ(ModelBy(model).status, 429);
  unsent.pop_back();
  EXPECT_EQ(ModelBy(model).status, 200);
}

TEST_F(JsonApiTest, APageOfAnotherOriginMayNotCall) {
  const std::string json = kJson;
  for (const char* foreign :
       {"Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n",
        "Sec-Fetch-Site: cross-site\r\nOrigin: http://verdict:8080\r\n",
        "Sec-Fetch-Site: cross-site\r\nOrigin: https://app.example.evil\r\n"}) {
    EXPECT_THAT(Classify(kGood, json + foreign),
                AllOf(StartsWith("HTTP/1.1 403 "), Not(HasSubstr("Access-Control"))))
        << foreign;
  }
}

// A proxy may rewrite Host and leave Origin alone. What a browser sends for a page of another
// origin in such a case, it sends only after a preflight, and with a type that nobody has to ask
// for.
TEST_F(JsonApiTest, TheOwnPageMayCallThroughAnyProxy) {
  const std::string json = kJson;
  for (const char* own :
       {"", "Origin: http://verdict:8080\r\n", "Origin: http://inference.corp.example\r\n",
        "Sec-Fetch-Site: same-origin\r\nOrigin: https://verdict.example\r\n",
        "Sec-Fetch-Site: none\r\n"}) {
    EXPECT_THAT(Classify(kGood, json + own), StartsWith("HTTP/1.1 200 ")) << own;
  }
  EXPECT_THAT(Classify(kGood, "Content-Type: text/plain\r\nOrigin: http://evil.example\r\n"),
              StartsWith("HTTP/1.1 415 "));
}

TEST_F(JsonApiTest, APageOfANamedOriginMayCall) {
  EXPECT_THAT(Classify(kGood, absl::StrCat(kJson, "Sec-Fetch-Site: cross-site\r\n",
                                           "Origin: https://app.example\r\n")),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(JsonApiTest, ABatchHasAnOutcomeForEachText) {
  EXPECT_THAT(Post("/v1/classify:batch", R"({"inputs":[{"text":"good"},{"text":""}]})"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr(R"({"items":[{"result":{"label":)"),
                    HasSubstr(R"({"error":{"code":3,"message":"inputs[1].text is empty)")));
  EXPECT_THAT(Post("/v1/classify:batch", R"({"inputs":[]})"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Post("/v1/classify:batch", std::string(JsonApi::kMostBatchBytes + 1, ' ')),
              AllOf(StartsWith("HTTP/1.1 413 "), HasSubstr("split it")));
}

TEST_F(JsonApiTest, ContentTypesThatAFormCanSendAreRefused) {
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "text/plain;application/json", ""}) {
    EXPECT_THAT(Classify(kGood, absl::StrCat("Content-Type: ", type, "\r\n")),
                StartsWith("HTTP/1.1 415 "))
        << type;
  }
  EXPECT_THAT(Classify(kGood, ""), StartsWith("HTTP/1.1 415 "));
  EXPECT_THAT(Classify(kGood, "Content-Type: Application/JSON; charset=utf-8\r\n"),
              StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace verdict
