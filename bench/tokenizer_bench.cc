// Times the tokenizer: sentences, a tweet, 64 KiB and 128 KiB of each kind of text that is slow
// somewhere, and loading. Two arguments before Google Benchmark's own: a model directory, and a
// file of sentences (the first column of its tabs). tokenizer_reference.py times the reference
// alike.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "engine/tokenizer/files/tokenizer_files.h"
#include "engine/unicode/utf8.h"

namespace verdict {
namespace {

constexpr size_t kLimit = 512;
constexpr size_t kKiB = 1024;

constexpr char kTweet[] =
    "@united thanks for NOTHING!! 3 hours on the tarmac, no water, and now you've lost my bag?? "
    "#neveragain http://t.co/abc";

// What makes up a worst case, to be repeated until it is long enough.
struct Kind {
  const char* name;
  std::string unit;
};

std::string Repeat(const std::string& unit, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += unit;
  return text;
}

std::vector<Kind> Kinds() {
  return {
      {"spaces", " "},
      {"letters without a space", "a"},
      {"marks of one class", "\u0301"},
      {"marks of two classes in turn", "\u0301\u0316"},
      {"spacing marks among others", "\u302e\u0301\u0316\u302f\u3099"},
      {"decomposed letters", "e\u0323\u0302"},
      {"composed letters", "\u1ec7"},
      {"words of 100 letters", Repeat("u", 100) + " "},
      {"words of 101 letters", Repeat("u", 101) + " "},
      {"words of 100 ideographs", Repeat("\u6f22", 100) + " "},
      {"words of 100 kana", Repeat("\u3042", 100) + " "},
      {"long words of short pieces", Repeat("qzx", 33) + " "},
      {"punctuation", "?!"},
      {"[SEP]", "[SEP]"},
      {"[SEP, cut short", "[SEP"},
      {"Hangul", "\ud55c\uad6d\uc5b4 "},
      {"emoji", "\U0001f642"},
      {"flags", "\U0001f1eb\U0001f1f7"},
      {"ideographs without a space", "\u6f22\u5b57\u304b\u306a"},
      {"letters in no order", "qjxkzvbwypgmfdlhsnrtoiaeuhtqweoiuqlkjhzmnxbvpoiuytrewqasdfghjkl"},
      {"digits", "3141592653589793"},
      {"contractions", "'s'll"},
      {"<mask> behind spaces", "   <mask>"},
      {"controls", "\u200b\u0001"},
      {"English", "The film is far better than its trailer makes you fear, and funnier. "},
  };
}

std::string Text(const std::string& unit, size_t bytes) {
  std::string text;
  while (text.size() + unit.size() <= bytes) text += unit;
  return text;
}

std::vector<std::string> Sentences(const std::string& path) {
  std::vector<std::string> sentences;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    sentences.push_back(line.substr(0, line.find('\t')));
  }
  return sentences;
}

void EncodeAll(benchmark::State& state, const Tokenizer& tokenizer,
               const std::vector<std::string>& texts) {
  size_t bytes = 0;
  size_t tokens = 0;
  for (auto _ : state) {
    for (const std::string& text : texts) {
      const auto encoding =
          tokenizer.Encode({.text = text, .text_pair = {}}, kLimit, Truncation::kRight);
      bytes += text.size();
      tokens += encoding->total_tokens;
    }
  }
  const auto passes = static_cast<double>(state.iterations());
  state.counters["us_per_text"] =
      benchmark::Counter(passes * static_cast<double>(texts.size()) / 1e6,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["tokens"] = static_cast<double>(tokens) / passes;
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}

void Register(const std::string& name, const Tokenizer& tokenizer,
              const std::vector<std::string>& texts) {
  benchmark::RegisterBenchmark(name.c_str(), [&tokenizer, texts](benchmark::State& state) {
    EncodeAll(state, tokenizer, texts);
  })->Unit(benchmark::kMicrosecond);
}

int Main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: tokenizer_bench MODEL_DIR SENTENCES [--benchmark_…]\n";
    return EXIT_FAILURE;
  }
  const std::string directory = argv[1];
  const auto tokenizer = LoadTokenizer(directory);
  if (!tokenizer.ok()) {
    std::cerr << tokenizer.status() << "\n";
    return EXIT_FAILURE;
  }
  benchmark::RegisterBenchmark("Load", [&directory](benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(LoadTokenizer(directory));
  })->Unit(benchmark::kMillisecond);
  Register("sentences", *tokenizer, Sentences(argv[2]));
  Register("tweet", *tokenizer, {kTweet});
  for (const Kind& kind : Kinds()) {
    for (const size_t kib : {64, 128}) {
      Register(std::to_string(kib) + " KiB of " + kind.name, *tokenizer,
               {Text(kind.unit, kib * kKiB)});
    }
  }
  argc -= 2;
  argv[2] = argv[0];
  benchmark::Initialize(&argc, argv + 2);
  benchmark::RunSpecifiedBenchmarks();
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace verdict

int main(int argc, char** argv) { return verdict::Main(argc, argv); }
