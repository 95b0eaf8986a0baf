// SPDX-License-Identifier: Apache-2.0
// Asks the system for large pages; whether it grants them changes speed alone.
#include "therma/core/large_pages.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace therma {

void* allocate_large(std::size_t num_bytes) {
  constexpr std::size_t kLargePage = std::size_t{1} << 21;
  constexpr std::size_t kCacheLine = 64;
  const std::size_t alignment = num_bytes >= kLargePage ? kLargePage : kCacheLine;
  if (num_bytes > static_cast<std::size_t>(-1) - alignment) throw std::bad_alloc();
  const std::size_t whole =
      (std::max<std::size_t>(num_bytes, 1) + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, whole);
  if (memory == nullptr) throw std::bad_alloc();
#if defined(__linux__)
  if (alignment == kLargePage) (void)::madvise(memory, whole, MADV_HUGEPAGE);
#endif
  return memory;
}

void release_large(void* memory) noexcept { std::free(memory); }

}  // namespace therma
