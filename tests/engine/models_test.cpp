// SPDX-License-Identifier: Apache-2.0
#include "therma/engine/models/model.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "therma/core/error.hpp"
#include "therma/energy/factor.hpp"
#include "therma/energy/harmonic.hpp"
#include "therma/engine/models/generated.hpp"

namespace therma {
namespace {

SampleModel parsed(const std::string& text, const std::string& name = "m.json",
                   ModelFormat format = ModelFormat::automatic) {
  return parse_model(text, name, format);
}

std::string complaint(ErrorCode code, const std::string& text, const std::string& name = "m.json",
                      ModelFormat format = ModelFormat::automatic) {
  try {
    static_cast<void>(parsed(text, name, format));
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    const std::string what = e.what();
    EXPECT_EQ(what.find('\n'), std::string::npos) << what;
    EXPECT_LT(what.size(), 300U) << what;
    return what;
  }
  ADD_FAILURE() << "accepted: " << text;
  return "";
}

std::string bad(const std::string& text, const std::string& name = "m.json",
                ModelFormat format = ModelFormat::automatic) {
  return complaint(ErrorCode::bad_data, text, name, format);
}

// The energy of spins, +1 where `up` has '+'.
double energy_of(const SampleModel& model, std::string_view up) {
  std::vector<Spin> spins;
  for (const char c : up) spins.push_back(c == '+' ? kUp : kDown);
  if (const auto* lattice = std::get_if<std::shared_ptr<const LatticeProgram>>(&model.target)) {
    return energy((*lattice)->to_ising(), spins);
  }
  return std::get<std::shared_ptr<const IsingProgram>>(model.target)->energy(spins);
}

// E = 0.5 - 2 s0 s1 + s1 s2 - 0.25 s0, by hand.
TEST(IsingJson, KeepsTheSignsOfPhysics) {
  const auto model = parsed(R"({"therma": 1, "kind": "ising", "spins": 3, "offset": 0.5,
                                "couplings": [[0, 1, 2], [1, 2, -1]], "fields": [0.25, 0, 0]})");
  EXPECT_EQ(model.kind, "ising");
  EXPECT_EQ(model.states, StateKind::spins);
  EXPECT_EQ(model.num_couplings, 2U);
  EXPECT_EQ(model.num_fields, 1U);
  EXPECT_DOUBLE_EQ(energy_of(model, "++-"), 0.5 - 2.0 - 1.0 - 0.25);
  EXPECT_DOUBLE_EQ(energy_of(model, "-++"), 0.5 + 2.0 + 1.0 + 0.25);
}

// E = 1 + 3 b0 - 2 b0 b1, as bits.
TEST(QuboJson, CountsEachTermOnce) {
  const auto model = parsed(
      R"({"therma": 1, "kind": "qubo", "bits": 2, "terms": [[0, 0, 3], [0, 1, -2]], "offset": 1})");
  EXPECT_EQ(model.states, StateKind::bits);
  EXPECT_TRUE(model.is_optimisation);
  EXPECT_DOUBLE_EQ(energy_of(model, "--"), 1.0);
  EXPECT_DOUBLE_EQ(energy_of(model, "+-"), 4.0);
  EXPECT_DOUBLE_EQ(energy_of(model, "++"), 2.0);
}

TEST(IsingJson, SaysThatRepeatedPairsAddUp) {
  const auto model = parsed(R"({"therma": 1, "kind": "ising", "spins": 2,
                                "couplings": [[0, 1, 2], [1, 0, 3]]})");
  EXPECT_DOUBLE_EQ(energy_of(model, "++"), -5.0);
  ASSERT_EQ(model.assumptions.size(), 1U);
  EXPECT_NE(model.assumptions[0].find("add up"), std::string::npos);
}

// A triangle with weights 1, 2, 4: the cut {2} | {1, 3} crosses 1 and 2, in all 3. Of the total 7,
// E = sum w s s = -1 - 2 + 4 = 1 and (7 - 1) / 2 = 3.
TEST(MaxCut, GivesTheCutThatBelongsToAnEnergy) {
  const auto model = parsed("3 3\n1 2 1\n2 3 2\n1 3 4\n", "t.mc");
  EXPECT_EQ(model.kind, "maxcut");
  EXPECT_DOUBLE_EQ(energy_of(model, "+-+"), 1.0);
  EXPECT_DOUBLE_EQ(*model.cut_of(energy_of(model, "+-+")), 3.0);
  EXPECT_DOUBLE_EQ(*model.cut_of(energy_of(model, "+++")), 0.0);
}

TEST(MaxCut, TakesEdgesWithoutWeightAsOne) {
  const auto model = parsed("2 1\n1 2\n", "G99");
  EXPECT_DOUBLE_EQ(*model.cut_of(energy_of(model, "+-")), 1.0);
}

// x^T Q x with Q = [[1, -3], [-3, 5]]: off the diagonal counts twice.
TEST(Sparse, CountsOffDiagonalEntriesTwice) {
  const auto model = parsed("2 3\n1 1 1\n1 2 -3\n2 2 5\n", "q.sparse");
  EXPECT_EQ(model.kind, "qubo");
  EXPECT_DOUBLE_EQ(energy_of(model, "--"), 0.0);
  EXPECT_DOUBLE_EQ(energy_of(model, "+-"), 1.0);
  EXPECT_DOUBLE_EQ(energy_of(model, "++"), 1.0 + 5.0 - 6.0);
}

TEST(Qbsolv, CountsEachCouplerOnce) {
  const auto model = parsed("c a comment\np qubo 0 2 2 1\n0 0 1\n1 1 5\n0 1 -3\n", "q.qubo");
  EXPECT_DOUBLE_EQ(energy_of(model, "++"), 3.0);
}

// dimod: E = sum h s + sum J s s, so aligned spins with J > 0 cost energy.
TEST(Coo, WithSpinsHasDimodsSign) {
  const auto spins = parsed("# vartype=SPIN\n0 0 0.5\n0 1 2\n", "m.coo");
  EXPECT_DOUBLE_EQ(energy_of(spins, "++"), 2.5);
  EXPECT_TRUE(spins.assumptions.empty());
  const auto bits = parsed("0 0 0.5\n0 1 2\n", "m.coo");
  EXPECT_EQ(bits.states, StateKind::bits);
  EXPECT_DOUBLE_EQ(energy_of(bits, "++"), 2.5);
  EXPECT_EQ(bits.assumptions.size(), 1U);
}

constexpr const char* kDimod = R"({"type": "BinaryQuadraticModel",
  "version": {"bqm_schema": "3.0.0"}, "use_bytes": false, "index_type": "uint16",
  "bias_type": "float32", "num_variables": 3, "num_interactions": 2,
  "variable_labels": ["a", "b", "c"], "variable_type": "SPIN", "offset": 1.0, "info": {},
  "linear_biases": [1.0, 0.0, -2.0], "quadratic_biases": [0.5, -1.5],
  "quadratic_head": [1, 2], "quadratic_tail": [0, 0]})";

// 1 + 1 s_a - 2 s_c + 0.5 s_a s_b - 1.5 s_a s_c at (+, +, -).
TEST(Dimod, HasTheOppositeSignAndItsLabels) {
  const auto model = parsed(kDimod);
  EXPECT_DOUBLE_EQ(energy_of(model, "++-"), 1.0 + 1.0 + 2.0 + 0.5 + 1.5);
  EXPECT_EQ(model.labels, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(Dimod, BinaryVariablesAreBits) {
  std::string text = kDimod;
  text.replace(text.find("SPIN"), 4, "BINARY");
  const auto model = parsed(text);
  EXPECT_EQ(model.states, StateKind::bits);
  EXPECT_DOUBLE_EQ(energy_of(model, "+-+"), 1.0 + 1.0 - 2.0 - 1.5);
}

TEST(Dimod, InconsistentSizesAreBadData) {
  const auto broken = [](const std::string& from, const std::string& to) {
    std::string text = kDimod;
    text.replace(text.find(from), from.size(), to);
    return bad(text);
  };
  EXPECT_NE(broken("[1.0, 0.0, -2.0]", "[1.0]").find("linear_biases"), std::string::npos);
  EXPECT_NE(broken("[1, 2]", "[1, 9]").find("quadratic_head"), std::string::npos);
  EXPECT_NE(broken("[1, 2]", "[0, 2]").find("itself"), std::string::npos);
  EXPECT_NE(broken("\"use_bytes\": false", "\"use_bytes\": true").find("use_bytes=False"),
            std::string::npos);
  static_cast<void>(broken("\"num_interactions\": 2", "\"num_interactions\": 99999999999"));
  static_cast<void>(broken("\"num_variables\": 3", "\"num_variables\": -3"));
}

TEST(Formats, AreToldApartByContentFirst) {
  EXPECT_EQ(parsed("2 2\n1 1 3\n1 2 1\n", "odd.mc").kind, "qubo");  // a diagonal entry
  EXPECT_EQ(parsed("2 1\n1 2 1\n", "G5.txt").kind, "maxcut");
  EXPECT_EQ(parsed("2 1\n1 2 1\n", "x.sparse").kind, "qubo");
  EXPECT_NE(bad("2 1\n1 2 1\n", "x.txt").find("--format maxcut or sparse"), std::string::npos);
  EXPECT_EQ(parsed("2 1\n1 2 1\n", "x.txt", ModelFormat::maxcut).kind, "maxcut");
}

TEST(HostileText, IsBadDataWithItsLine) {
  EXPECT_EQ(bad("2 1\n1 9 1\n", "a.mc"),
            "a.mc:2: vertex must be a whole number in [1, 2], found \"9\"");
  EXPECT_EQ(bad("2 1\n0 1 1\n", "a.mc"),
            "a.mc:2: vertex must be a whole number in [1, 2], found \"0\"");
  EXPECT_EQ(bad("3 2\n1 2 1\n", "a.mc"), "a.mc: ends after 1 lines, its first line says 2");
  EXPECT_EQ(bad("2 1\n1 2 1\n1 2 1\n", "a.mc"),
            "a.mc:3: more than the 1 lines that the first line says");
  for (const auto* text :
       {"2 1\n-1 2 1\n", "2 1\n1 2 nan\n", "2 1\n1 2 inf\n", "2 1\n1 2 1e999\n", "2 1\n1 2 x\n",
        "2 1\n1 1 1\n2 2\n", "99999999999999999999 1\n1 2 1\n", "2 99999999999999999999\n1 2 1\n",
        "4294967296 0\n", "2 18446744073709551615\n1 2 1\n", "0 0\n", "2 1\n1 2 1 1\n", "2 1\n1\n",
        "1e3 1\n1 2 1\n", "", "\n\n", "# only a comment\n"}) {
    static_cast<void>(bad(text, "a.mc", ModelFormat::maxcut));
  }
  for (const auto* text : {"p qubo 0 2 1 0\n", "p qubo 0 0 0 0\n", "p qubo 0 2 0 1\n0 5 1\n",
                           "p qubo 0 2 0\n", "p cnf 1 1\n"}) {
    static_cast<void>(bad(text, "a.qubo"));
  }
  for (const auto* text : {"0 1\n0 2 1\n", "0 16777216 1\n", "0 -1 1\n", "0 1 nan\n",
                           "# vartype=WORD\n0 1 1\n", "hello world what\n"}) {
    static_cast<void>(bad(text, "a.coo", ModelFormat::coo));
  }
}

TEST(HostileText, ThatClaimsMuchGetsNoMemory) {
  static_cast<void>(bad("16777216 67108864\n1 2 1\n", "a.mc"));  // fails at the end of 20 bytes
}

TEST(HostileText, WhoseSumOverflowsIsBadData) {
  EXPECT_NE(bad("3 2\n1 2 1e308\n2 3 1.7e308\n", "a.mc").find("add up to more"), std::string::npos);
}

TEST(HostileJson, IsBadDataWithItsPlace) {
  const std::string head = R"({"therma": 1, "kind": "ising", "spins": 2, )";
  EXPECT_NE(bad(head + R"("couplings": [[0, 2, 1]]})").find("m.json.couplings[0][1]"),
            std::string::npos);
  EXPECT_NE(bad(head + R"("couplings": [[0, 1]]})").find("[i, j, value]"), std::string::npos);
  for (const auto* rest :
       {R"("couplings": [[0, 0, 1]]})", R"("couplings": [[-1, 1, 1]]})",
        R"("couplings": [[0, 1, "x"]]})", R"("couplings": [[0.5, 1, 1]]})",
        R"("couplings": [[0, 1, 1e999]]})", R"("couplings": 3})", R"("fields": [1]})",
        R"("fields": [1, null]})", R"("typo": 1})", R"("spins": 3})"}) {
    static_cast<void>(bad(head + rest));
  }
  for (const auto* text : {"{", "[]", "{}", R"({"therma": 2, "kind": "ising", "spins": 1})",
                           R"({"therma": 1, "kind": "dance"})", R"({"therma": 1})",
                           R"({"type": "Other"})", R"({"therma": 1, "kind": "ising", "spins": 0})",
                           R"({"therma": 1, "kind": "ising", "spins": 99999999999})",
                           R"({"therma": 1, "kind": "quadratic", "variables": 100000})",
                           R"({"therma": 1, "kind": "quartic", "units": 2, "quartic": 0})",
                           R"({"therma": 1, "kind": "qubo", "bits": 2, "terms": [[0, 5, 1]]})"}) {
    static_cast<void>(bad(text));
  }
  static_cast<void>(bad(std::string(100000, '[')));
}

// E = -1 [x0 = x1] + {0, 0.5, 1}[x2] + 2 s3, x3 a spin, x0 held at 1.
TEST(FactorJson, AddsUpItsFactors) {
  const auto model = parsed(R"({"therma": 1, "kind": "factors", "states": [3, 3, 3, 2],
                                "factors": [{"variables": [0, 1], "equality": 1},
                                            {"variables": [2], "table": [0, 0.5, 1]},
                                            {"variables": [3], "product": -2}],
                                "clamped": [[0, 1]]})");
  EXPECT_EQ(model.states, StateKind::categories);
  const auto& program = *std::get<std::shared_ptr<const FactorProgram>>(model.target);
  EXPECT_TRUE(program.is_clamped(0));
  const Category states[] = {1, 1, 2, 1};
  EXPECT_DOUBLE_EQ(program.energy(states), -1.0 + 1.0 + 2.0);
}

TEST(FactorJson, RefusesWhatIsNoFactor) {
  const std::string head = R"({"therma": 1, "kind": "factors", "states": [2, 3], "factors": [)";
  for (const auto* factor :
       {R"({"variables": [0]})", R"({"variables": [0], "table": [1, 2], "product": 1})",
        R"({"variables": [0], "table": [1]})", R"({"variables": [0, 0], "table": [1, 2, 3, 4]})",
        R"({"variables": [1], "product": 1})", R"({"variables": [0], "equality": 1})",
        R"({"variables": [9], "product": 1})", R"({"variables": [0], "table": [1, null]})"}) {
    static_cast<void>(bad(head + factor + "]}"));
  }
  static_cast<void>(bad(head + R"(], "clamped": [[0, 2]]})"));
  static_cast<void>(bad(R"({"therma": 1, "kind": "factors", "states": [], "factors": []})"));
  static_cast<void>(bad(R"({"therma": 1, "kind": "factors", "states": [0], "factors": []})"));
}

TEST(QuadraticJson, IsTheFormOfItsStiffness) {
  const auto model = parsed(R"({"therma": 1, "kind": "quadratic", "variables": 2,
                                "stiffness": [[0, 0, 2], [1, 1, 4], [0, 1, -1]],
                                "linear": [1, 0]})");
  const auto& energy = *std::get<std::shared_ptr<const QuadraticEnergy>>(model.target);
  const double x[] = {1.0, 2.0};
  EXPECT_DOUBLE_EQ(energy.energy(x), 0.5 * (2.0 + 16.0 - 4.0) - 1.0);
}

std::string refused(const std::string& argument) {
  try {
    static_cast<void>(load_model(argument, ModelFormat::automatic));
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::invalid_argument) << e.what();
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    return e.what();
  }
  ADD_FAILURE() << "accepted: " << argument;
  return "";
}

TEST(ModelSources, EachMakesTheModelOfItsUsage) {
  for (const auto& source : model_sources()) {
    if (source.name == "gset" || source.name == "z1") continue;  // a file; a quarter of a million
    const auto model = load_model(std::string(source.usage), ModelFormat::automatic);
    EXPECT_EQ(model.name, source.usage);
    EXPECT_GT(model.num_variables, 0U);
    EXPECT_TRUE(model.assumptions.empty());
  }
}

TEST(ModelSources, RefuseBadSettingsInOneSentence) {
  EXPECT_NE(refused("sk:seed=1").find("the key n is missing"), std::string::npos);
  EXPECT_NE(refused("sk:n=4,n=5").find("given twice"), std::string::npos);
  EXPECT_NE(refused("sk:n=4,size=5").find("unknown key \"size\"; known are n, seed"),
            std::string::npos);
  EXPECT_NE(refused("sk:n=4,").find("key=value"), std::string::npos);
  EXPECT_NE(refused("ising2d:L=1").find("[2, "), std::string::npos);
  EXPECT_NE(refused("ising2d:L=4,J=nan").find("finite"), std::string::npos);
  EXPECT_NE(refused("sk:n=16777216").find("couplings"), std::string::npos);
  EXPECT_NE(refused("glass3d:L=60000").find("[2, 1290]"), std::string::npos);
  EXPECT_NE(refused("glass3d:L=1289").find("couplings"), std::string::npos);
  EXPECT_NE(refused("isng").find("sources are"), std::string::npos);
  for (const auto* argument :
       {"sk:", "sk:n", "sk:=4", "sk:n=-4", "sk:n=4.5", "sk:n=99999999999999999999", "sk:n= 4",
        "regular:n=5,degree=3", "regular:n=4,degree=9", "gset:", "z1:weights=odd", "ring:n=2"}) {
    static_cast<void>(refused(argument));
  }
}

TEST(ModelSources, AreFunctionsOfTheirSeed) {
  const auto energy = [](const char* argument) {
    return energy_of(load_model(argument, ModelFormat::automatic), std::string(16, '+'));
  };
  EXPECT_EQ(energy("sk:n=16,seed=7"), energy("sk:n=16,seed=7"));
  EXPECT_NE(energy("sk:n=16,seed=7"), energy("sk:n=16,seed=8"));
  EXPECT_EQ(energy("sk:n=16"), energy("sk:n=16,seed=1"));
}

// A 4 x 4 torus has 32 bonds.
TEST(ModelSources, ScaleTheFerromagnet) {
  const auto model = load_model("ising2d:L=4,J=0.5,h=0.25", ModelFormat::automatic);
  EXPECT_DOUBLE_EQ(energy_of(model, std::string(16, '+')), -0.5 * 32 - 0.25 * 16);
}

}  // namespace
}  // namespace therma
