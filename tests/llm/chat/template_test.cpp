// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/chat/template.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace therma::llm {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

const std::filesystem::path kSource = THERMA_SOURCE_DIR;

// Made with jinja2 itself: tools/golden/jinja_cases.py.
TEST(ChatTemplate, RendersWhatJinjaRendersAndRefusesWhatItRefuses) {
  const auto all = parse_json(contents(kSource / "tests/llm/chat/cases.json"), "cases.json");
  ASSERT_GT(all["cases"].size(), 300U);
  for (const auto& each : all["cases"]) {
    const auto jinja = each["template"].get<std::string>();
    const auto& context = all["contexts"][each["context"].get<std::size_t>()];
    std::optional<std::string> rendered;
    std::string refusal;
    try {
      rendered = render_chat(jinja, context, "case");
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::bad_data) << jinja;
      refusal = e.what();
    }
    if (each["expected"].is_null()) {
      EXPECT_FALSE(rendered.has_value()) << jinja << "\nrendered as\n" << rendered.value_or("");
    } else {
      EXPECT_EQ(rendered.value_or(refusal), each["expected"].get<std::string>()) << jinja;
    }
  }
}

TEST(ChatTemplate, RendersTheTemplatesOfModelsAsHuggingFaceDoes) {
  const auto path = kSource / "../shared/data/tokenizers/chat-templates/chat-templates.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no reference templates at " << path;
  const auto all = parse_json(contents(path), "chat-templates.json");
  ASSERT_EQ(all["cases"].size(), 17U);
  for (const auto& each : all["cases"]) {
    Json context = each;
    context.erase("expected");
    const auto jinja = all["templates"][each["template"].get<std::string>()].get<std::string>();
    EXPECT_EQ(render_chat(jinja, context, "template"), each["expected"].get<std::string>())
        << each["template"] << ": " << each["name"];
  }
}

TEST(ChatTemplate, MessagesComeWithTheUsualVariables) {
  const std::vector<ChatMessage> messages = {{"user", "a"}, {"assistant", "b"}};
  const auto text = render_messages(
      "{{ bos_token }}{% for m in messages %}{{ m.role ~ ':' ~ m['content'] ~ eos_token }}"
      "{% endfor %}{% if add_generation_prompt %}>{% endif %}",
      messages, true, {"<s>", "</s>"});
  EXPECT_EQ(text, "<s>user:a</s>assistant:b</s>>");
}

TEST(ChatTemplate, TheTimeIsThatOfTheOptions) {
  // 86400 * 365 seconds after the start of 1970.
  const RenderOptions options{.now_s = 31536000 + 3661};
  EXPECT_EQ(render_chat("{{ strftime_now('%d %b %Y %H:%M:%S') }}", Json::object(), "t", options),
            "01 Jan 1971 01:01:01");
}

TEST(ChatTemplate, MessagesNameThePlaceAndTheReason) {
  const auto refusal = [](std::string_view jinja) -> std::string {
    try {
      return render_chat(jinja, {{"n", 1}}, "model.json");
    } catch (const Error& e) {
      return e.what();
    }
  };
  EXPECT_EQ(refusal("a\n {{ n | shout }}"),
            "model.json:2:7: the filter \"shout\" is not understood");
  EXPECT_EQ(refusal("{{ raise_exception('roles') }}"),
            "model.json:1:19: the template refuses its messages: roles");
  EXPECT_EQ(refusal("ab{% if n %}"), "model.json:1:6: this if block is not closed");
  EXPECT_EQ(refusal("{% include 'x' %}"),
            "model.json:1:4: include is refused: a template reads no other file");
  EXPECT_EQ(refusal("{{ q.r }}"), "model.json:1:5: q is undefined: it has no member r");
}

}  // namespace
}  // namespace therma::llm
