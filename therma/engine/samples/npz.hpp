// SPDX-License-Identifier: Apache-2.0
// NumPy's archive: NPY arrays (format 1.0) in a ZIP file, stored without compression.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "therma/engine/samples/table.hpp"

namespace therma {

// The checksum of ZIP (IEEE 802.3), of bytes that follow those with the checksum `before`.
[[nodiscard]] std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0) noexcept;

// An array's bytes in C order behind NPY's header. type: "|i1", "<f4", "<f8", "<U12", ...
[[nodiscard]] std::string npy_array(std::string_view type, std::span<const std::uint64_t> shape,
                                    std::string_view bytes);

// Members in order, none compressed, dated 1980-01-01 so that equal content gives equal bytes.
class ZipWriter {
 public:
  // Throws Error{invalid_argument} where the archive would outgrow the format's 4 GiB.
  void add(std::string_view name, std::string_view content);
  [[nodiscard]] std::string bytes() &&;

 private:
  std::string out_;
  std::string directory_;
  std::uint16_t num_members_ = 0;
};

// states [chain, draw, variable], energy [chain, draw], and the facts as text arrays.
[[nodiscard]] std::string samples_as_npz(const SampleTable& table);

}  // namespace therma
