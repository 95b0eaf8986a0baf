// SPDX-License-Identifier: Apache-2.0
// A reader of protocol buffers as far as SentencePiece's ModelProto needs one.
#include "therma/llm/tokenizer/sentencepiece_model.hpp"

#include <cmath>
#include <cstring>
#include <string_view>

#include "therma/core/error.hpp"
#include "therma/llm/tokenizer/byte_letters.hpp"
#include "therma/llm/unicode.hpp"

namespace therma::llm {
namespace {

constexpr std::size_t kMostPieces = std::size_t{1} << 24;

enum class Wire : std::uint32_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

// One field of a message: its number, and its value in one of two forms.
struct Entry {
  std::uint64_t number = 0;
  Wire wire = Wire::varint;
  std::uint64_t value = 0;  // varint, fixed64, fixed32
  std::string_view bytes;
};

class MessageReader {
 public:
  MessageReader(std::string_view bytes, std::size_t offset, const std::string& where)
      : bytes_(bytes), offset_(offset), where_(where) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == bytes_.size(); }
  [[nodiscard]] std::size_t offset() const noexcept { return offset_ + at_; }

  [[nodiscard]] Entry next() {
    const auto tag = varint();
    Entry entry{.number = tag >> 3, .wire = static_cast<Wire>(tag & 7U), .value = 0, .bytes = {}};
    switch (entry.wire) {
      case Wire::varint:
        entry.value = varint();
        return entry;
      case Wire::fixed64:
        entry.value = fixed(8);
        return entry;
      case Wire::fixed32:
        entry.value = fixed(4);
        return entry;
      case Wire::bytes:
        entry.bytes = take(varint());
        return entry;
    }
    stop("a field of a known type");
  }

  [[noreturn]] void stop(std::string_view expected) const {
    fail(ErrorCode::bad_data, "{}: byte {}: must be {}", where_, offset(), expected);
  }

 private:
  [[nodiscard]] std::string_view take(std::uint64_t size) {
    if (size > bytes_.size() - at_) stop("inside the file, but is longer");
    const auto out = bytes_.substr(at_, static_cast<std::size_t>(size));
    at_ += static_cast<std::size_t>(size);
    return out;
  }
  [[nodiscard]] std::uint64_t fixed(std::size_t size) {
    std::uint64_t value = 0;
    const auto bytes = take(size);
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
  [[nodiscard]] std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == bytes_.size()) stop("a number, but the file ends");
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    stop("a number of at most ten bytes");
  }

  std::string_view bytes_;
  std::size_t offset_;
  const std::string& where_;
  std::size_t at_ = 0;
};

enum class PieceType : std::uint64_t { normal = 1, unknown, control, user_defined, unused, byte };

struct Piece {
  std::string text;
  float score = 0.0F;
  PieceType type = PieceType::normal;
};

class ModelReader {
 public:
  ModelReader(std::string_view bytes, std::string where) : where_(std::move(where)) { read(bytes); }

  [[nodiscard]] TokenizerSpec spec() && { return std::move(spec_); }

 private:
  void read(std::string_view bytes) {
    spec_.add_prefix_blank = true;  // SentencePiece's own defaults
    spec_.collapse_blanks = true;
    spec_.kind = TokenizerKind::unigram;
    byte_tokens_.assign(256, 0);
    MessageReader reader(bytes, 0, where_);
    while (!reader.at_end()) {
      const auto entry = reader.next();
      const auto start = reader.offset() - entry.bytes.size();
      if (entry.wire != Wire::bytes) continue;
      if (entry.number == 1) add(read_piece(entry.bytes, start));
      if (entry.number == 2) read_trainer(entry.bytes, start);
      if (entry.number == 3) read_normaliser(entry.bytes, start);
    }
    if (spec_.pieces.empty()) reader.stop("a model with pieces, but has none");
    if (num_bytes_ == 256) spec_.byte_tokens = byte_tokens_;
    spec_.add_bos = spec_.bos.has_value();
  }

  [[nodiscard]] Piece read_piece(std::string_view bytes, std::size_t start) const {
    Piece piece;
    MessageReader reader(bytes, start, where_);
    while (!reader.at_end()) {
      const auto entry = reader.next();
      if (entry.number == 1 && entry.wire == Wire::bytes) piece.text = entry.bytes;
      if (entry.number == 2 && entry.wire == Wire::fixed32) {
        const auto bits = static_cast<std::uint32_t>(entry.value);
        std::memcpy(&piece.score, &bits, sizeof bits);
        if (!std::isfinite(piece.score)) reader.stop("a finite score");
      }
      if (entry.number == 3 && entry.wire == Wire::varint) {
        if (entry.value < 1 || entry.value > 6) reader.stop("a type of piece from 1 to 6");
        piece.type = static_cast<PieceType>(entry.value);
      }
    }
    if (piece.text.empty() || !is_valid_utf8(piece.text))
      reader.stop("a piece in UTF-8, not empty");
    return piece;
  }

  void add(Piece piece) {
    const auto id = static_cast<TokenId>(spec_.pieces.size());
    if (id >= kMostPieces)
      fail(ErrorCode::bad_data, "{}: has more than {} pieces", where_, kMostPieces);
    spec_.scores.push_back(piece.score);
    spec_.pieces.emplace_back();
    switch (piece.type) {
      case PieceType::normal:
        spec_.pieces.back() = std::move(piece.text);
        return;
      case PieceType::byte:
        return add_byte(piece.text, id);
      case PieceType::unused:
        return;
      case PieceType::user_defined:
        spec_.added.push_back({.id = id, .text = std::move(piece.text), .special = false});
        return;
      case PieceType::unknown:
        spec_.unknown = id;
        break;
      case PieceType::control:
        if (piece.text == "<s>") spec_.bos = id;
        if (piece.text == "</s>") spec_.eos = id;
        break;
    }
    spec_.added.push_back({.id = id, .text = std::move(piece.text), .special = true});
  }

  void add_byte(std::string_view text, TokenId id) {
    const auto value = byte_named(text);
    if (!value) {
      fail(ErrorCode::bad_data, "{}: piece {} must be <0xNN>, got \"{}\"", where_, id, text);
    }
    byte_tokens_[*value] = id;
    ++num_bytes_;
  }

  void read_trainer(std::string_view bytes, std::size_t start) {
    MessageReader reader(bytes, start, where_);
    while (!reader.at_end()) {
      const auto entry = reader.next();
      if (entry.number != 3 || entry.wire != Wire::varint) continue;
      if (entry.value == 1) spec_.kind = TokenizerKind::unigram;
      if (entry.value == 2) spec_.kind = TokenizerKind::sentencepiece_bpe;
      if (entry.value != 1 && entry.value != 2) reader.stop("a model of kind unigram or BPE");
    }
  }

  void read_normaliser(std::string_view bytes, std::size_t start) {
    MessageReader reader(bytes, start, where_);
    while (!reader.at_end()) {
      const auto entry = reader.next();
      if (entry.number == 1 && entry.wire == Wire::bytes) {
        spec_.nfkc = entry.bytes.starts_with("nmt_nfkc") || entry.bytes.starts_with("nfkc");
      }
      if (entry.wire != Wire::varint) continue;
      if (entry.number == 3) spec_.add_prefix_blank = entry.value != 0;
      if (entry.number == 4) spec_.collapse_blanks = entry.value != 0;
    }
  }

  std::string where_;
  TokenizerSpec spec_;
  std::vector<TokenId> byte_tokens_;
  std::size_t num_bytes_ = 0;
};

}  // namespace

TokenizerSpec tokenizer_spec_from_sentencepiece(std::span<const std::byte> bytes,
                                                std::string where) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return ModelReader(text, std::move(where)).spec();
}

}  // namespace therma::llm
