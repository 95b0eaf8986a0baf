// SPDX-License-Identifier: Apache-2.0
// The files of the folder, put together.
#include "therma/llm/load/hf_folder.hpp"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "therma/core/error.hpp"
#include "therma/core/json.hpp"
#include "therma/llm/load/byte_cursor.hpp"
#include "therma/llm/load/hf_config.hpp"
#include "therma/llm/load/mapped_file.hpp"
#include "therma/llm/load/safetensors.hpp"
#include "therma/llm/load/tensor_names.hpp"
#include "therma/llm/load/tokenizer_config.hpp"
#include "therma/llm/tokenizer/sentencepiece_model.hpp"
#include "therma/llm/tokenizer/tokenizer_json.hpp"

namespace therma::llm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostConfigBytes = std::size_t{16} << 20;
constexpr std::size_t kMostIndexBytes = std::size_t{64} << 20;

struct Weights {
  std::vector<MappedFile> files;
  std::vector<Tensor> tensors;
};

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

void add_file(Weights& weights, const fs::path& path) {
  weights.files.emplace_back(path);
  for (auto& tensor : parse_safetensors(weights.files.back().bytes(), path.string())) {
    weights.tensors.push_back(std::move(tensor));
  }
}

// That the tensors added since `first` are those which the index puts into this file.
void check_shard(const Weights& weights, std::size_t first, const ShardIndex& index,
                 const std::string& file, const std::string& where) {
  for (std::size_t i = first; i < weights.tensors.size(); ++i) {
    const auto& name = weights.tensors[i].name;
    const auto entry = index.find(name);
    if (entry == index.end()) {
      fail(ErrorCode::bad_data, "{}: tensor {} of {} is not in the index", where, shown_text(name),
           shown_text(file));
    }
    if (entry->second != file) {
      fail(ErrorCode::bad_data, "{}: tensor {} must be in {}, but is in {}", where,
           shown_text(name), shown_text(entry->second), shown_text(file));
    }
  }
}

void require_all(const Weights& weights, const ShardIndex& index, const std::string& where) {
  std::set<std::string_view> found;
  for (const auto& tensor : weights.tensors) found.insert(tensor.name);
  for (const auto& [name, file] : index) {
    if (!found.contains(name)) {
      fail(ErrorCode::bad_data, "{}: tensor {} is not in {}, where it must be", where,
           shown_text(name), shown_text(file));
    }
  }
}

Weights open_shards(const fs::path& folder, const fs::path& index_path) {
  const auto where = index_path.string();
  const auto index = parse_shard_index(read_text(index_path, kMostIndexBytes), where);
  std::set<std::string> names;
  for (const auto& [_, file] : index) names.insert(file);
  Weights weights;
  for (const auto& name : names) {
    const auto first = weights.tensors.size();
    add_file(weights, folder / name);
    check_shard(weights, first, index, name, where);
  }
  require_all(weights, index, where);
  return weights;
}

Weights open_weights(const fs::path& folder) {
  const auto whole = folder / "model.safetensors";
  const auto index = folder / "model.safetensors.index.json";
  if (!is_there(whole) && is_there(index)) return open_shards(folder, index);
  Weights weights;
  add_file(weights, whole);
  return weights;
}

// Empty where the folder has no tokenizer: a model can be run on tokens alone.
TokenizerSpec read_tokenizer(const fs::path& folder) {
  const auto json = folder / "tokenizer.json";
  if (is_there(json)) {
    const MappedFile file(json);
    const auto bytes = file.bytes();
    return tokenizer_spec_from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                                    json.string());
  }
  const auto model = folder / "tokenizer.model";
  if (!is_there(model)) return {};
  return tokenizer_spec_from_sentencepiece(MappedFile(model).bytes(), model.string());
}

// tokenizer_config.json: the special tokens and the chat template, for which a file of its own
// stands first.
void read_tokenizer_config(const fs::path& folder, Checkpoint& checkpoint) {
  const auto config = folder / "tokenizer_config.json";
  if (is_there(config)) {
    const auto json = parse_json(read_text(config, kMostConfigBytes), config.string());
    const JsonReader reader(json, config.string());
    if (!checkpoint.tokenizer.pieces.empty()) apply_tokenizer_config(reader, checkpoint.tokenizer);
    checkpoint.chat_template = chat_template_of(reader);
  }
  const auto file = folder / "chat_template.jinja";
  if (is_there(file)) checkpoint.chat_template = read_text(file, kMostConfigBytes);
}

GenerationDefaults read_generation(const fs::path& folder, const HfConfig& config) {
  GenerationDefaults defaults;
  const auto path = folder / "generation_config.json";
  if (is_there(path)) {
    defaults = parse_generation_config(read_text(path, kMostConfigBytes), path.string());
  }
  if (defaults.eos.empty()) defaults.eos = config.eos;
  if (!defaults.bos) defaults.bos = config.bos;
  return defaults;
}

bool has_output_rows(const Weights& weights) {
  return std::ranges::count(weights.tensors, "lm_head.weight", &Tensor::name) != 0;
}

}  // namespace

Checkpoint load_folder(const fs::path& folder) {
  const auto config_path = folder / "config.json";
  const auto config =
      parse_hf_config(read_text(config_path, kMostConfigBytes), config_path.string());
  auto weights = std::make_shared<Weights>(open_weights(folder));

  Checkpoint checkpoint;
  checkpoint.format = "safetensors";
  checkpoint.config = config.model;
  checkpoint.config.tied_embeddings = config.tied.value_or(!has_output_rows(*weights));
  if (checkpoint.config.name.empty()) {
    checkpoint.config.name = fs::weakly_canonical(folder).filename().string();
  }
  checkpoint.generation = read_generation(folder, config);
  checkpoint.tokenizer = read_tokenizer(folder);
  read_tokenizer_config(folder, checkpoint);
  checkpoint.tensors = std::move(weights->tensors);
  check_tensors(checkpoint, folder.string());
  for (const auto& file : weights->files) checkpoint.file_bytes += file.bytes().size();
  checkpoint.mapping = std::move(weights);
  return checkpoint;
}

}  // namespace therma::llm
