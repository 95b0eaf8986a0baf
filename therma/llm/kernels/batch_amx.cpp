// SPDX-License-Identifier: Apache-2.0
// Batch products on the matrix tiles of Intel AMX.
//
// Not run on such a processor yet: what has been tested is the twin in batch_amx_emulated.cpp,
// which shares all but the class Tiles, and that these are the instructions which the twin stands
// for. Sizes of parts follow from the caches' sizes, not from measurements.
#include <cstddef>
#include <cstdint>

#include "therma/llm/kernels/batch_tiles.hpp"
#include "therma/llm/kernels/tile_config_amx.hpp"

namespace therma::llm {

#if defined(__AMX_TILE__) && defined(__AMX_BF16__) && defined(__AMX_INT8__)
namespace {

// Written out rather than by intrinsics: those of GCC 12 take tile numbers from macros alone, and
// tell the compiler neither that a configuration is 64 bytes long nor that loads and stores reach
// memory. The compiler itself never touches a tile.
class Tiles {
 public:
  Tiles() = default;
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;
  ~Tiles() { asm volatile("tilerelease" ::: "memory"); }

  void configure(const TileConfig& config) {
    asm volatile("ldtilecfg %0" ::"m"(config) : "memory");
  }
  template <int T>
  void zero() {
    asm volatile("tilezero %%tmm%c0" ::"i"(T));
  }
  template <int T>
  void load(const void* from, std::size_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(stride), "i"(T) : "memory");
  }
  template <int T>
  void store(void* to, std::size_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(stride), "i"(T) : "memory");
  }
  // The assembler takes the operands from last to first.
  template <int S, int L, int R>
  void dot_codes() {
    asm volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(S), "i"(L), "i"(R));
  }
  template <int S, int L, int R>
  void dot_pairs() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(S), "i"(L), "i"(R));
  }
};

#include "therma/llm/kernels/tiles_amx.inl"

}  // namespace

const BatchKernels* batch_kernels_amx() noexcept { return &kTileKernels; }
#else
const BatchKernels* batch_kernels_amx() noexcept { return nullptr; }
#endif

}  // namespace therma::llm
