// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fuzz.hpp"

namespace therma::llm {
namespace {

using namespace therma::testing;

TEST(Fuzz, ReadsOrRefusesEveryDamagedTokenizerOfPieces) {
  const std::string text =
      R"({"added_tokens":[{"id":0,"content":"<s>","special":true,"lstrip":true}],)"
      R"("normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"NFKC"}]},)"
      R"("pre_tokenizer":{"type":"Metaspace","prepend_scheme":"always"},)"
      R"("post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},)"
      R"({"Sequence":{"id":"A"}}]},"model":{"type":"Unigram","unk_id":0,)"
      R"("vocab":[["<s>",0.0],["a",-1.5],["ab",-1],["▁",-2]]}})";
  try_truncations_and_bytes(text, text.size());
  try_random_edits(text, 4000);
}

TEST(Fuzz, ReadsOrRefusesEveryDamagedTokenizerOfMerges) {
  const std::string text =
      R"({"added_tokens":[{"id":3,"content":"<s>"}],"pre_tokenizer":{"type":"Split",)"
      R"("pattern":{"Regex":"\\s+|[a-z]+"},"behavior":"Isolated"},"model":{"type":"BPE",)"
      R"("unk_token":"<s>","byte_fallback":true,"vocab":{"a":0,"b":1,"ab":2,"<s>":3},)"
      R"("merges":["a b",["a","b"]]}})";
  try_truncations_and_bytes(text, text.size());
  try_random_edits(text, 4000);
}

}  // namespace
}  // namespace therma::llm
