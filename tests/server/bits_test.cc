// The same text gets the same bits: alone, in batches of any mix and order, in whichever call,
// under load. On the real engine and the demo model; everything between it and the client is real
// too.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/server.h"
#include "tests/server/fixtures/stream_client.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {
namespace {

// The bytes of a reply's logits.
std::string Bits(const v1::ClassifyResponse& response) {
  return {reinterpret_cast<const char*>(response.logits().data()),
          static_cast<size_t>(response.logits_size()) * sizeof(float)};
}

// Texts of 3 to 512 tokens, most of them short, as texts are.
std::vector<std::string> Texts() {
  const std::vector<std::string> words = {"a",      "film", "that",   "is",     "never", "dull",
                                          "but",    "long", "winded", "and",    "the",   "actors",
                                          "shine",  "in",   "every",  "scene",  ",",     "however",
                                          "clumsy", "its",  "plot",   "résumé", "日本",  "!"};
  std::mt19937 random(20190503);
  std::vector<std::string> texts;
  for (int length : {1,  1,  2,  3,  4,  5,  6,  7,  8,  9,  11,  13,  16,  17,  19,  23, 24,
                     25, 31, 32, 33, 40, 47, 55, 64, 65, 80, 100, 127, 128, 200, 400, 600}) {
    std::string text;
    for (int i = 0; i < length; ++i) absl::StrAppend(&text, words[random() % words.size()], " ");
    texts.push_back(std::move(text));
  }
  return texts;
}

class BitsTest : public ::testing::Test {
 protected:
  // A server of the demo model whose batches hold so many tokens.
  void Serve(int64_t max_batch_tokens) {
    ServerOptions options;
    options.model_directory = VERDICT_SOURCE_DIR "/models/demo";
    options.threads = 2;
    options.grpc_addresses = {"127.0.0.1:0"};
    options.http_addresses = {"127.0.0.1:0"};
    options.queue.max_batch_tokens = max_batch_tokens;
    absl::Duration load;
    absl::StatusOr<Model> model = LoadServedModel(options, &load);
    ASSERT_TRUE(model.ok()) << model.status();
    absl::StatusOr<std::unique_ptr<Server>> server =
        Server::Start(options, *std::move(model), load);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = v1::Classifier::NewStub(grpc::CreateChannel(
        absl::StrCat("127.0.0.1:", server_->grpc_port()), grpc::InsecureChannelCredentials()));
  }

  std::string ClassifyAlone(const std::string& text) {
    v1::ClassifyRequest request;
    request.mutable_input()->set_text(text);
    request.mutable_options()->set_return_logits(true);
    v1::ClassifyResponse response;
    grpc::ClientContext context;
    const grpc::Status status = stub_->Classify(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.logits_size(), 2);
    return Bits(response);
  }

  // Classifies texts_[i] for every i of `indices` in one call, and compares.
  void ExpectBatchHasTheBits(const std::vector<size_t>& indices) {
    v1::ClassifyBatchRequest request;
    request.mutable_options()->set_return_logits(true);
    for (const size_t i : indices) request.add_inputs()->set_text(texts_[i]);
    v1::ClassifyBatchResponse response;
    grpc::ClientContext context;
    const grpc::Status status = stub_->ClassifyBatch(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(static_cast<size_t>(response.items_size()), indices.size());
    for (size_t i = 0; i < indices.size(); ++i) {
      EXPECT_EQ(Bits(response.items(static_cast<int>(i)).result()), alone_[indices[i]])
          << "text " << indices[i] << " at " << i << " of " << indices.size();
    }
  }

  // The same through a stream.
  void ExpectStreamHasTheBits(const std::vector<size_t>& indices) {
    StreamClient stream(*stub_);
    std::thread writer([&] {
      v1::ClassifyStreamRequest request;
      request.mutable_request()->mutable_options()->set_return_logits(true);
      for (const size_t i : indices) {
        request.set_id(i);
        request.mutable_request()->mutable_input()->set_text(texts_[i]);
        stream.Send(request);
      }
      stream.HalfClose();
    });
    const auto replies = stream.ReadAll();
    writer.join();
    EXPECT_TRUE(stream.Finish().ok());
    EXPECT_EQ(replies.size(), indices.size());
    for (const auto& [id, reply] : replies) {
      EXPECT_EQ(Bits(reply.result()), alone_[id]) << "text " << id;
    }
  }

  // Some of the texts, in any order and more than once.
  std::vector<size_t> AnyMix(std::mt19937& random, size_t most) const {
    std::vector<size_t> indices(1 + random() % most);
    for (size_t& index : indices) index = random() % texts_.size();
    return indices;
  }

  void LearnAlone() {
    for (const std::string& text : texts_) alone_.push_back(ClassifyAlone(text));
  }

  const std::vector<std::string> texts_ = Texts();
  std::vector<std::string> alone_;  // each one's bits, computed with no other text in the server
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Classifier::Stub> stub_;
};

TEST_F(BitsTest, DifferentTextsHaveDifferentBits) {
  Serve(512);
  LearnAlone();
  std::vector<std::string> bits = alone_;
  std::sort(bits.begin(), bits.end());
  // Else the comparisons below would say nothing.
  EXPECT_GE(std::unique(bits.begin(), bits.end()) - bits.begin(),
            static_cast<ptrdiff_t>(texts_.size()) - 1);
}

TEST_F(BitsTest, ABatchMateNeverChangesABit) {
  Serve(1024);
  LearnAlone();
  std::mt19937 random(1);
  for (int batch = 0; batch < 40; ++batch) ExpectBatchHasTheBits(AnyMix(random, 24));
}

TEST_F(BitsTest, AStreamNeverChangesABit) {
  Serve(512);
  LearnAlone();
  std::mt19937 random(2);
  for (int stream = 0; stream < 5; ++stream) ExpectStreamHasTheBits(AnyMix(random, 80));
}

TEST_F(BitsTest, AnOrderNeverChangesABit) {
  Serve(512);
  LearnAlone();
  std::vector<size_t> indices(texts_.size());
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  ExpectBatchHasTheBits(indices);
  std::reverse(indices.begin(), indices.end());
  ExpectBatchHasTheBits(indices);
}

TEST_F(BitsTest, TheSizeOfBatchesNeverChangesABit) {
  Serve(512);
  LearnAlone();
  std::vector<size_t> indices(texts_.size());
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  for (const int64_t max_batch_tokens : {1, 64, 4096}) {
    Serve(max_batch_tokens);
    ExpectBatchHasTheBits(indices);
  }
}

TEST_F(BitsTest, ConcurrentLoadNeverChangesABit) {
  Serve(512);
  LearnAlone();
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < 6; ++thread) {
    threads.emplace_back([this, thread] {
      std::mt19937 random(thread);
      for (int call = 0; call < 15; ++call) {
        if (thread % 3 == 0) {
          ExpectBatchHasTheBits(AnyMix(random, 8));
        } else if (thread % 3 == 1) {
          ExpectStreamHasTheBits(AnyMix(random, 8));
        } else {
          const size_t i = random() % texts_.size();
          EXPECT_EQ(ClassifyAlone(texts_[i]), alone_[i]) << "text " << i;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace verdict
