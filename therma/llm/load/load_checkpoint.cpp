// SPDX-License-Identifier: Apache-2.0
// Which format a path holds.
#include "therma/llm/load/checkpoint.hpp"

#include <memory>
#include <utility>

#include "therma/core/error.hpp"
#include "therma/llm/load/gguf_model.hpp"
#include "therma/llm/load/hf_folder.hpp"
#include "therma/llm/load/mapped_file.hpp"
#include "therma/llm/load/tokenizer_config.hpp"
#include "therma/llm/tokenizer/gguf_vocabulary.hpp"

namespace therma::llm {
namespace {

Checkpoint load_gguf(const std::filesystem::path& path) {
  auto file = std::make_shared<const MappedFile>(path);
  const auto gguf = parse_gguf(file->bytes(), path.string());
  auto checkpoint = checkpoint_of(gguf);
  if (gguf.find("tokenizer.ggml.model") != nullptr) {
    checkpoint.tokenizer = tokenizer_spec_from_gguf(gguf);
  }
  checkpoint.file_bytes = file->bytes().size();
  checkpoint.mapping = std::move(file);
  return checkpoint;
}

}  // namespace

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  if (!is_folder && path.extension() == ".safetensors") {
    fail(ErrorCode::bad_data, "{}: is one file of a checkpoint; name the folder it is in",
         path.string());
  }
  auto checkpoint = is_folder ? load_folder(path) : load_gguf(path);
  join_tokenizer(checkpoint, path.string());
  return checkpoint;
}

}  // namespace therma::llm
