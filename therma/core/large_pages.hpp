// SPDX-License-Identifier: Apache-2.0
// Memory for large arrays that kernels walk in several places at once, on large pages if granted.
#pragma once

#include <cstddef>
#include <vector>

namespace therma {

// Aligned to a large page where it is larger than one. Throws std::bad_alloc.
[[nodiscard]] void* allocate_large(std::size_t num_bytes);
void release_large(void* memory) noexcept;

// An allocator for std::vector. With small pages a walk over 16 MiB in seven rows at once spends a
// few percent of its time on translating addresses.
template <class T>
struct LargePages {
  using value_type = T;

  LargePages() = default;
  template <class U>
  // NOLINTNEXTLINE(google-explicit-constructor): containers rebind allocators implicitly
  LargePages(const LargePages<U>& /*other*/) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(allocate_large(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t /*count*/) noexcept { release_large(memory); }
  friend bool operator==(LargePages, LargePages) noexcept { return true; }
};

template <class T>
using LargeVector = std::vector<T, LargePages<T>>;

}  // namespace therma
