// SPDX-License-Identifier: Apache-2.0
// ARS-5 in plain integers: the AES round by its definition, with the S-box computed once.
#include "therma/core/random/ars.hpp"

#include <bit>

namespace therma {
namespace {

using State = std::array<std::uint8_t, 16>;  // [4 * column + row]

// Product by x in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
constexpr std::uint8_t times_x(std::uint8_t a) {
  return static_cast<std::uint8_t>(a << 1 ^ ((a & 0x80) != 0 ? 0x1b : 0));
}

constexpr std::uint8_t times(std::uint8_t a, std::uint8_t b) {
  std::uint8_t product = 0;
  for (; b != 0; b >>= 1, a = times_x(a)) {
    if ((b & 1) != 0) product ^= a;
  }
  return product;
}

// FIPS 197 section 5.1.1: the inverse in GF(2^8) (0 for 0), then an affine map.
constexpr std::array<std::uint8_t, 256> make_s_box() {
  std::array<std::uint8_t, 256> box{};
  for (int value = 0; value < 256; ++value) {
    const auto a = static_cast<std::uint8_t>(value);
    std::uint8_t inverse = 1;  // a^254
    for (int k = 0; k < 254; ++k) inverse = times(inverse, a);
    std::uint8_t mapped = 0x63;
    for (int shift = 0; shift < 5; ++shift) mapped ^= std::rotl(inverse, shift);
    box[static_cast<std::size_t>(value)] = mapped;
  }
  return box;
}

const std::array<std::uint8_t, 256>& s_box() {
  static const auto box = make_s_box();
  return box;
}

State bytes_of(const ArsBlock& words) {
  State bytes{};
  for (std::size_t i = 0; i < 16; ++i) {
    bytes[i] = static_cast<std::uint8_t>(words[i / 4] >> (8 * (i % 4)));
  }
  return bytes;
}

ArsBlock words_of(const State& bytes) {
  ArsBlock words{};
  for (std::size_t i = 0; i < 16; ++i) {
    words[i / 4] |= static_cast<std::uint32_t>(bytes[i]) << (8 * (i % 4));
  }
  return words;
}

// SubBytes and ShiftRows: row r moves r columns to the left.
State substituted_and_shifted(const State& in) {
  State out{};
  for (std::size_t column = 0; column < 4; ++column) {
    for (std::size_t row = 0; row < 4; ++row) {
      out[4 * column + row] = s_box()[in[4 * ((column + row) % 4) + row]];
    }
  }
  return out;
}

State columns_mixed(const State& in) {
  State out{};
  for (std::size_t c = 0; c < 16; c += 4) {
    const auto all = static_cast<std::uint8_t>(in[c] ^ in[c + 1] ^ in[c + 2] ^ in[c + 3]);
    for (std::size_t row = 0; row < 4; ++row) {
      const auto pair = static_cast<std::uint8_t>(in[c + row] ^ in[c + (row + 1) % 4]);
      out[c + row] = static_cast<std::uint8_t>(in[c + row] ^ all ^ times_x(pair));
    }
  }
  return out;
}

ArsBlock operator^(ArsBlock a, const ArsBlock& b) {
  for (std::size_t i = 0; i < 4; ++i) a[i] ^= b[i];
  return a;
}

}  // namespace

std::array<ArsBlock, kArsRounds + 1> ars_round_keys(ArsBlock key) noexcept {
  constexpr std::uint64_t kWeylLow = 0x9E3779B97F4A7C15;   // golden ratio
  constexpr std::uint64_t kWeylHigh = 0xBB67AE8584CAA73B;  // sqrt(3) - 1
  std::uint64_t low = static_cast<std::uint64_t>(key[1]) << 32 | key[0];
  std::uint64_t high = static_cast<std::uint64_t>(key[3]) << 32 | key[2];
  std::array<ArsBlock, kArsRounds + 1> keys{};
  for (auto& round_key : keys) {
    round_key = {static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32),
                 static_cast<std::uint32_t>(high), static_cast<std::uint32_t>(high >> 32)};
    low += kWeylLow;
    high += kWeylHigh;
  }
  return keys;
}

ArsBlock ars_block(ArsBlock counter, ArsBlock key) noexcept {
  const auto keys = ars_round_keys(key);
  ArsBlock state = counter ^ keys[0];
  for (std::size_t round = 1; round < kArsRounds; ++round) {
    state = words_of(columns_mixed(substituted_and_shifted(bytes_of(state)))) ^ keys[round];
  }
  return words_of(substituted_and_shifted(bytes_of(state))) ^ keys[kArsRounds];
}

}  // namespace therma
