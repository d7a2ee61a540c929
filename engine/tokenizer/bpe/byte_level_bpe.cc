#include "engine/tokenizer/bpe/byte_level_bpe.h"

#include <algorithm>
#include <cstddef>

#include "engine/tokenizer/bpe/byte_alphabet.h"
#include "engine/unicode/utf8.h"

namespace verdict {
namespace {

// Longer words are rarely one token.
constexpr size_t kLongestWholeWord = 32;

std::string SpellingOf(unsigned char byte) {
  std::string spelling;
  AppendUtf8(CharacterOfByte(byte), &spelling);
  return spelling;
}

uint32_t SpelledLength(char byte) {
  return static_cast<uint32_t>(SpellingOf(static_cast<unsigned char>(byte)).size());
}

// The reference counts in bytes of the word's spelling. Without those that were dropped, the pieces
// no longer stand where their bytes do; what they cover is found as it finds it.
void PlaceInSpelling(std::string_view word, std::vector<Piece>* pieces) {
  std::vector<size_t> owners;  // [bytes of the spelling]: the byte of the word
  for (size_t i = 0; i < word.size(); ++i) owners.resize(owners.size() + SpelledLength(word[i]), i);
  for (Piece& piece : *pieces) {
    piece.begin = owners[piece.begin];
    piece.end = owners[piece.end - 1] + 1;
  }
}

}  // namespace

ByteLevelBpe::ByteLevelBpe(const Vocabulary& vocabulary, const ByteLevelBpeOptions& options)
    : merges_(options.merges), fuse_unknown_(options.fuse_unk) {
  for (size_t byte = 0; byte < ids_.size(); ++byte) {
    ids_[byte] = vocabulary.Find(SpellingOf(static_cast<unsigned char>(byte))).value_or(kNoId);
  }
  if (options.unk_token) unknown_ = vocabulary.Find(*options.unk_token).value();
  struct WholeWord {
    size_t length;
    int32_t id;
  };
  std::vector<WholeWord> found;
  std::vector<Piece> pieces;
  for (const VocabularyEntry& entry : vocabulary.entries()) {
    const std::optional<std::string> word = SpelledBytes(entry.text);
    if (!word || word->empty()) continue;
    if (!options.ignore_merges) {
      if (word->size() > kLongestWholeWord) continue;
      Split(*word, &pieces);
      if (pieces.size() != 1 || pieces[0].id != entry.id) continue;
    }
    words_ += *word;
    found.push_back({.length = word->size(), .id = entry.id});
  }
  whole_words_.reserve(found.size());
  const char* begin = words_.data();
  for (const WholeWord& word : found) {
    whole_words_.emplace(std::string_view(begin, word.length), word.id);
    begin += word.length;
  }
}

bool ByteLevelBpe::ReadSymbols(std::string_view word, std::vector<Symbol>* symbols) const {
  const bool is_whole = std::all_of(word.begin(), word.end(), [this](char byte) {
    return ids_[static_cast<unsigned char>(byte)] != kNoId;
  });
  bool follows_unknown = false;
  for (const char byte : word) {
    const int32_t id = ids_[static_cast<unsigned char>(byte)];
    // Lengths are of the word, or else of its spelling: see PlaceInSpelling.
    const uint32_t length = is_whole ? 1 : SpelledLength(byte);
    if (id == kNoId && follows_unknown && fuse_unknown_) {
      symbols->back().length += length;
    } else if (id != kNoId || unknown_ != kNoId) {
      symbols->push_back({.id = id != kNoId ? id : unknown_, .length = length});
    }
    follows_unknown = id == kNoId && unknown_ != kNoId;
  }
  return is_whole;
}

void ByteLevelBpe::Split(std::string_view word, std::vector<Piece>* pieces) const {
  pieces->clear();
  if (const auto found = whole_words_.find(word); found != whole_words_.end()) {
    pieces->push_back({.id = found->second, .begin = 0, .end = word.size()});
    return;
  }
  std::vector<Symbol> symbols;
  symbols.reserve(word.size());
  const bool is_whole = ReadSymbols(word, &symbols);
  merges_.MergeAll(&symbols);
  size_t begin = 0;
  for (const Symbol& symbol : symbols) {
    pieces->push_back({.id = symbol.id, .begin = begin, .end = begin + symbol.length});
    begin += symbol.length;
  }
  if (!is_whole) PlaceInSpelling(word, pieces);
}

}  // namespace verdict
