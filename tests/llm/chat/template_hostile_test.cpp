// SPDX-License-Identifier: Apache-2.0
// Templates that mean harm: each must end as Error{bad_data} that names what was wrong, soon.
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "therma/llm/chat/template.hpp"

namespace therma::llm {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

struct Hostile {
  std::string name;
  std::string jinja;
  std::string says;  // part of the message
};

std::vector<Hostile> hostile_templates() {
  const std::string seed = "{% set ns = namespace(x='a', l=[1]) %}";
  const std::string thousand = "{% for i in range(1000) %}";
  return {
      {"a range without end", "{% for i in range(10 * 1000 * 1000 * 1000) %}{% endfor %}", "range"},
      {"nested loops", repeated(thousand, 5) + "x" + repeated("{% endfor %}", 5), "steps"},
      {"loops that print nothing", repeated(thousand, 4) + repeated("{% endfor %}", 4), "steps"},
      {"a string repeated", "{{ 'a' * 1000000000 }}", "repetition"},
      {"a list repeated", "{{ [0] * 1000000000 }}", "repetition"},
      {"a number beyond 64 bits", "{{ 9223372036854775807 * 2 }}", "64 bits"},
      {"a literal beyond 64 bits", "{{ 99999999999999999999 }}", "too large"},
      {"a string that doubles", seed + thousand + "{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
       "steps"},
      {"a list that doubles", seed + thousand + "{% set ns.l = ns.l + ns.l %}{% endfor %}",
       "steps"},
      {"a list inside itself", seed + thousand + "{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
       "nested"},
      {"a tree that compares for ever",
       "{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(90) %}{% set ns.a = [ns.a, ns.a] %}"
       "{% set ns.b = [ns.b, ns.b] %}{% endfor %}{{ ns.a == ns.b }}",
       "steps"},
      {"a tree that prints for ever",
       seed + "{% for i in range(90) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
       "bytes"},
      {"a replacement that explodes",
       "{% set a = 'a' * 1000000 %}{{ a | replace('a', 'b' * 1000000) }}", "long"},
      {"a macro that calls itself", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "nested"},
      {"brackets without end", "{{ " + repeated("(", 100000), "not closed"},
      {"brackets with an end", "{{ " + repeated("[", 5000) + repeated("]", 5000) + " }}", "nested"},
      {"signs without end", "{{ " + repeated("-", 100000) + "1 }}", "nested"},
      {"negations without end", "{{ " + repeated("not ", 100000) + "1 }}", "nested"},
      {"a sum without end", "{{ 1" + repeated("+1", 100000) + " }}", "nested"},
      {"members without end", "{{ a" + repeated(".b", 100000) + " }}", "nested"},
      {"filters without end", "{{ 'a'" + repeated("|trim", 100000) + " }}", "nested"},
      {"conditions without end", "{{ 1" + repeated(" if 1 else 1", 50000) + " }}", "nested"},
      {"blocks without end", repeated("{% if 1 %}", 50000), "nested"},
      {"the class of a value", "{{ ''.__class__.__mro__ }}", "refused"},
      {"the class of a value as an item", "{{ ''['__class__'] }}", "refused"},
      {"the globals of a function", "{{ range.__globals__ }}", "refused"},
      {"an inner name", "{{ _private }}", "refused"},
      {"another file", "{% include '/etc/passwd' %}", "refused"},
      {"another module", "{% import 'os' as os %}", "refused"},
      {"another base", "{% extends 'base' %}", "refused"},
      {"a change of the messages", "{{ messages.append(1) }}", "refused"},
      {"a format string", "{{ '{0.__class__}'.format(1) }}", "refused"},
      {"a block that is open", "{% for a in b %}", "not closed"},
      {"a tag that is open", "{{ 'a' ", "not closed"},
      {"a string that is open", "{{ 'a }}", "not closed"},
      {"a comment that is open", "{# a", "not closed"},
      {"a raw block that is open", "{% raw %} a", "not closed"},
      {"bytes that are no UTF-8", "a\xff{{ 1 }}", "UTF-8"},
      {"half a character", "a\xc5", "UTF-8"},
      {"a null byte in a tag", std::string("{{ \0 }}", 7), "no part of the language"},
      {"a surrogate", "{{ '\\ud800' }}", "escape"},
      {"the end of a block that was not begun", "{% endif %}", "not understood"},
      {"a break outside of a loop", "{% break %}", "outside of a loop"},
      {"a time with a long format", "{{ strftime_now('%Y' * 1000) }}", "strftime_now"},
      {"more text than is read", std::string((std::size_t{1} << 20) + 1, 'a'), "bytes"},
  };
}

TEST(HostileTemplates, EachIsRefusedAndSaysWhy) {
  for (const auto& hostile : hostile_templates()) {
    const auto begin = std::chrono::steady_clock::now();
    try {
      const auto text = render_chat(hostile.jinja, {{"messages", Json::array()}}, "hostile");
      ADD_FAILURE() << hostile.name << " rendered " << text.size() << " bytes";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::bad_data) << hostile.name;
      EXPECT_NE(std::string(e.what()).find(hostile.says), std::string::npos)
          << hostile.name << ": " << e.what();
      EXPECT_LT(std::string(e.what()).size(), 300U) << hostile.name;
    }
    const auto spent = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(std::chrono::duration<double>(spent).count(), 20.0) << hostile.name;
  }
}

TEST(HostileTemplates, ANamespaceInsideItselfIsFreed) {
  // A leak would be reported by the address sanitizer.
  EXPECT_EQ(render_chat("{% set ns = namespace() %}{% set ns.me = ns %}{% set ns.l = [ns] %}ok",
                        Json::object(), "t"),
            "ok");
}

}  // namespace
}  // namespace therma::llm
