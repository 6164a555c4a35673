// SPDX-License-Identifier: Apache-2.0
// `brownout run` from the outside: both engines, batches, pricing again, the timeline, bad input.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>

#include "sim/base/files.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

using Json = nlohmann::json;

constexpr char kEdge[] = BROWNOUT_SOURCE_DIR "/configs/accelerators/edge-16x16.yaml";
constexpr char kTechnology[] = BROWNOUT_SOURCE_DIR "/profiles/14nm-finfet.yaml";

class Run : public testing::Test {
 protected:
  Outcome run(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{"run"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return workplace_.run(BROWNOUT_BINARY, arguments);
  }
  Outcome on_edge(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{workplace_.network().string(),
                                       "--accelerator",
                                       kEdge,
                                       "--data",
                                       "data",
                                       "--images",
                                       "50",
                                       "--json",
                                       "-"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  Json json(const std::vector<std::string>& more) const {
    const Outcome outcome = on_edge(more);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.json();
  }
  void expect_refused(const Outcome& outcome, const std::string& text) const {
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find(text), std::string::npos) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
  Workplace workplace_;
};

TEST_F(Run, OverAProfileEnginesAgreeAndTheOutputSaysWhatItIs) {
  const std::string file = BROWNOUT_SOURCE_DIR "/profiles/chip1-synthetic.h5";
  const Json systemc = json({"--voltage", "0.82", "--chip", file});
  const Json functional = json({"--voltage", "0.82", "--chip", file, "--engine", "functional"});
  EXPECT_EQ(systemc["logits_sha256"], functional["logits_sha256"]);
  EXPECT_LT(systemc["bits_wrong"], systemc["cells_hit"]);
  const std::string note = systemc["chip_note"];
  EXPECT_NE(note.find("SYNTHETIC"), std::string::npos);
  EXPECT_NE(note.find("map of 262144 cells"), std::string::npos);
  EXPECT_TRUE(json({"--voltage", "0.82", "--chip", "random:1"})["chip_note"].is_null());
  // A profile that was cut short.
  workplace_.write("cut.h5", read_file(file).substr(0, 5000));
  expect_refused(on_edge({"--voltage", "0.82", "--chip", "cut.h5", "--quiet"}), "truncated");
}

TEST_F(Run, EnginesAndBatchesGiveTheSameNumbersAndTheSameTimeForTheSameBatch) {
  const Json systemc = json({"--voltage", "0.8", "--chip", "random:7", "--engine", "systemc"});
  for (const char* field :
       {"engine", "accelerator", "images", "accuracy", "cycles_total", "cycles_per_image",
        "closed_form_cycles", "layers", "energy_uj", "cells_hit", "bits_wrong", "dram_bytes",
        "wall_s", "simulated_cycles_per_s", "images_per_s", "predictions", "logits_sha256"}) {
    EXPECT_TRUE(systemc.contains(field)) << field;
  }
  EXPECT_GT(systemc["bits_wrong"], 0);
  EXPECT_EQ(systemc["predictions"].size(), 50u);
  double energy = 0.0;
  for (const auto& [name, part] : systemc["energy_uj"].items()) {
    if (name != "total") energy += part.get<double>();
  }
  EXPECT_DOUBLE_EQ(energy, systemc["energy_uj"]["total"].get<double>());
  for (const Json& layer : systemc["layers"]) {
    for (const char* field : {"name", "cycles", "closed_form_cycles", "macs", "utilization",
                              "stall_cycles", "weight_reads", "activation_reads",
                              "accumulator_reads", "accumulator_writes", "energy_uj"}) {
      EXPECT_TRUE(layer.contains(field)) << field;
    }
    EXPECT_EQ(layer["cycles"].get<std::int64_t>(),
              layer["stream_cycles"].get<std::int64_t>() +
                  layer["stall_cycles"]["total"].get<std::int64_t>());
  }
  Json functional = json({"--voltage", "0.8", "--chip", "random:7", "--engine", "functional"});
  Json same = systemc;
  for (const char* field : {"engine", "wall_s", "simulated_cycles_per_s", "images_per_s"}) {
    functional.erase(field);
    same.erase(field);
  }
  EXPECT_EQ(functional, same);
  // 50 images in batches of 8 leave a batch of 2.
  const Json batches = json({"--voltage", "0.8", "--chip", "random:7", "--batch", "8"});
  EXPECT_EQ(batches["logits_sha256"], systemc["logits_sha256"]);
  EXPECT_LT(batches["cycles_total"], systemc["cycles_total"]);
}

TEST_F(Run, AFinishedRunIsPricedAgainWithoutSimulating) {
  const Json low = json({"--voltage", "0.8", "--chip", "random:1"});
  EXPECT_EQ(low["technology"], "14nm-finfet");
  EXPECT_EQ(low["technology_file"], kTechnology);
  const Json high = json({"--voltage", "1", "--chip", "random:1"});
  workplace_.write("low.json", low.dump());
  const Outcome outcome = run({"--reprice", "low.json", "--voltage", "1", "--json", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json repriced = outcome.json();
  EXPECT_EQ(repriced["energy_uj"], high["energy_uj"]);
  EXPECT_EQ(repriced["predictions"], low["predictions"]);
  EXPECT_EQ(repriced["repriced"]["voltage"], 1.0);
  EXPECT_EQ(repriced["repriced"]["technology"], "14nm-finfet");
  EXPECT_EQ(repriced["repriced"]["technology_file"], kTechnology);
  EXPECT_EQ(repriced["repriced"]["simulated"]["voltage"], 0.8);
  EXPECT_LT(low["energy_uj"]["total"], high["energy_uj"]["total"]);
  // One coefficient changes its own component and the total, and nothing else.
  std::string text = read_file(kTechnology);
  const std::string key = "mac_pj:\n    value: ";
  const std::size_t at = text.find(key);
  ASSERT_NE(at, std::string::npos);
  text.insert(at + key.size(), "1");
  workplace_.write("dear.yaml", text);
  const Outcome dear = run({"--reprice", "low.json", "--technology", "dear.yaml", "--json", "-"});
  ASSERT_EQ(dear.code, 0) << dear.err;
  const auto priced = dear.json();
  for (const auto& [name, part] : priced["energy_uj"].items()) {
    if (name == "macs" || name == "total") {
      EXPECT_GT(part, low["energy_uj"][name]);
    } else {
      EXPECT_EQ(part, low["energy_uj"][name]) << name;
    }
  }
}

TEST_F(Run, ARunPricedAgainIsADirectOneInAllThatAPriceDeterminesAndTheOldOneInAllElse) {
  std::string text = read_file(kTechnology);
  const auto edit = [&](const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  };
  edit("name: 14nm-finfet", "name: other");
  edit("kind: ideal", "kind: linear-regulator");
  edit("value: 0.000155\n    low: 0.000058\n    high: 0.00155",
       "value: 1e-4\n    low: 0\n    high: 1");
  edit("check_bit_area_rel:\n    value: 0.01375", "check_bit_area_rel:\n    value: 0.02");
  workplace_.write("other.yaml", text);
  const std::set<std::string> priced{"technology", "technology_file",  "rail",
                                     "voltage",    "weight_area_rel",  "energy_sram_rel",
                                     "energy_uj",  "energy_low_uj",    "energy_high_uj",
                                     "energy_rel", "energy_rel_range", "weight_access_share"};
  const auto expect_priced = [&](const Json& again, const Json& direct, const Json& old,
                                 const std::set<std::string>& fields, const std::string& place) {
    for (const auto& [key, value] : direct.items()) {
      EXPECT_TRUE(again.contains(key)) << place << key;
      if (key == "layers") continue;
      EXPECT_EQ(again[key], (fields.count(key) > 0 ? direct : old)[key]) << place << key;
    }
  };
  const struct {
    const char *voltage, *technology;
  } prices[] = {{"0.9", kTechnology}, {"0.8", "other.yaml"}, {"0.95", "other.yaml"}};
  for (const char* mitigation : {"none", "secded", "boost=0.04+spares=8x2"}) {
    const auto at = [&](const char* voltage, const char* technology) {
      return json({"--voltage", voltage, "--chip", "random:1", "--mitigation", mitigation,
                   "--technology", technology});
    };
    const Json old = at("0.8", kTechnology);
    workplace_.write("old.json", old.dump());
    for (const auto& price : prices) {
      const std::string place =
          std::string(mitigation) + " at " + price.voltage + " with " + price.technology + ": ";
      const Outcome outcome = run({"--reprice", "old.json", "--technology", price.technology,
                                   "--voltage", price.voltage, "--json", "-"});
      ASSERT_EQ(outcome.code, 0) << outcome.err;
      Json again = outcome.json();
      const Json direct = at(price.voltage, price.technology);
      expect_priced(again, direct, old, priced, place);
      EXPECT_NE(again["energy_rel"], old["energy_rel"]) << place;
      ASSERT_EQ(again["layers"].size(), direct["layers"].size());
      for (std::size_t i = 0; i < direct["layers"].size(); ++i) {
        expect_priced(again["layers"][i], direct["layers"][i], old["layers"][i],
                      {"energy_uj", "energy_parts_uj"}, place + "layers: ");
      }
      EXPECT_EQ(again["repriced"]["simulated"]["voltage"], 0.8);
      again.erase("repriced");
      EXPECT_EQ(again.size(), direct.size()) << place;
    }
  }
  // A result that was priced twice still says what was simulated.
  workplace_.write("once.json", "somebody else's");
  expect_refused(run({"--reprice", "old.json", "--voltage", "0.9", "--json", "once.json"}),
                 "or --overwrite to replace this one");
  EXPECT_EQ(
      run({"--reprice", "old.json", "--voltage", "0.9", "--json", "once.json", "--overwrite"}).code,
      0);
  const Json twice =
      run({"--reprice", "once.json", "--technology", "other.yaml", "--json", "-"}).json();
  EXPECT_EQ(twice["voltage"], 0.9);
  EXPECT_EQ(twice["repriced"]["simulated"]["voltage"], 0.8);
  EXPECT_EQ(twice["repriced"]["simulated"]["technology"], "14nm-finfet");
}

TEST_F(Run, UnusedArraysLeakTheirShareUnlessTheyStayOn) {
  const auto leakage = [&](const std::string& weights) {
    workplace_.write("a.yaml",
                     std::string("name: a\ntechnology: ") + kTechnology + "\nweights: " + weights);
    return run({workplace_.network().string(), "--accelerator", "a.yaml", "--data", "data",
                "--images", "2", "--json", "-"})
        .json();
  };
  const Json gated = leakage("{arrays: 100}\n");
  const Json on = leakage("{arrays: 100, unused: on}\n");
  // 7850 codes of 8 bit are 982 words, two arrays of 512.
  EXPECT_EQ(gated["weight_words"], 982);
  EXPECT_EQ(gated["pricing"]["weight_gated_kib"], 98 * 4.0);
  EXPECT_EQ(on["pricing"]["weight_gated_kib"], 0.0);
  const double all = on["energy_uj"]["weight_leakage"];
  EXPECT_NEAR(gated["energy_uj"]["weight_leakage"].get<double>(), all * (2 + 98 * 0.004) / 100,
              1e-12 * all);
  EXPECT_EQ(gated["cycles_total"], on["cycles_total"]);
  // A result from before gating was priced with all arrays on.
  Json before = gated;
  before["pricing"].erase("weight_gated_kib");
  before["pricing"].erase("unprotected_cycles");
  workplace_.write("before.json", before.dump());
  const Json again = run({"--reprice", "before.json", "--json", "-"}).json();
  EXPECT_EQ(again["energy_uj"], on["energy_uj"]);
  EXPECT_EQ(again["energy_rel"], 1.0);
  before["pricing"]["weight_gated_kib"] = 1e6;
  workplace_.write("before.json", before.dump());
  expect_refused(run({"--reprice", "before.json", "--json", "-"}), "pricing.weight_gated_kib");
}

TEST_F(Run, SaysWhatIsOfAllImagesAndWhatOfOne) {
  const Json all = json({"--voltage", "0.8", "--chip", "random:1"});
  const auto expect_twins = [](const Json& sums, const std::string& place) {
    for (const auto& [key, value] : sums["per_image"].items()) {
      if (!value.is_object()) {
        EXPECT_DOUBLE_EQ(value.get<double>() * 50, sums[key].get<double>()) << place << key;
        continue;
      }
      for (const auto& [part, number] : value.items())
        EXPECT_DOUBLE_EQ(number.get<double>() * 50, sums[key][part].get<double>()) << place << part;
    }
  };
  expect_twins(all, "");
  EXPECT_EQ(all["per_image"]["cycles_total"], all["cycles_per_image"]);
  for (const Json& layer : all["layers"]) expect_twins(layer, "layers: ");
  EXPECT_DOUBLE_EQ(all["weight_reads_per_word"].get<double>() * 50 * 982,
                   all["event_counts"]["weight_reads"].get<double>());
  // Both ends of the range of leakage, around the value.
  EXPECT_LT(all["energy_low_uj"]["total"], all["energy_uj"]["total"]);
  EXPECT_GT(all["energy_high_uj"]["total"], all["energy_uj"]["total"]);
  EXPECT_EQ(all["energy_low_uj"]["macs"], all["energy_uj"]["macs"]);
  const std::string text = run({workplace_.network().string(), "--accelerator", kEdge, "--data",
                                "data", "--images", "2", "--voltage", "0.8"})
                               .out;
  for (const char* part :
       {"those\nof one in per_image", "second rail: ideal", "A weight access takes 0.6400 of",
        "All energy is 0.9", "weight accesses\nare ", "A weight word is read "}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST_F(Run, AnEditedRunIsNotPricedAgain) {
  const Json run_json = json({"--voltage", "0.8", "--chip", "random:1"});
  const auto priced = [&](const std::string& text, const std::vector<std::string>& more = {}) {
    workplace_.write("edited.json", text);
    std::vector<std::string> arguments{"--reprice", "edited.json", "--json", "-"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  };
  ASSERT_EQ(priced(run_json.dump()).code, 0);
  for (const char* count : {"macs", "weight_reads", "dram_read_bytes"}) {
    Json edited = run_json;
    edited["layers"][1]["event_counts"][count] =
        edited["layers"][1]["event_counts"][count].get<std::int64_t>() + 1;
    expect_refused(priced(edited.dump()),
                   std::string("event_counts.") + count + ": expected the sum of the layers, ");
    edited["layers"][1]["event_counts"][count] = INT64_MAX;
    expect_refused(priced(edited.dump()), count);
  }
  Json edited = run_json;
  edited["cycles_total"] = run_json["cycles_total"].get<std::int64_t>() - 1;
  expect_refused(priced(edited.dump()), "cycles_total: expected the cycles of the layers and ");
  edited = run_json;
  edited.erase("input_wait_cycles");
  expect_refused(priced(edited.dump()), "input_wait_cycles: missing");
  expect_refused(priced("{\"images\": 1, " + run_json.dump().substr(1)),
                 "edited.json: key \"images\" is there twice");
  std::string text = run_json.dump();
  const std::string key = "\"pes\":";
  text.insert(text.find(key), "\"pes\":1,");
  expect_refused(priced(text), "key \"pes\" is there twice");
  expect_refused(priced(run_json.dump(), {"--voltage", "0.5"}),
                 "--voltage: expected a number in [0.75, 1], got \"0.5\" (the range of ");
}

TEST_F(Run, TheTimelineHasATrackForEveryModule) {
  ASSERT_EQ(on_edge({"--timeline", "trace.json"}).code, 0);
  const Json trace = Json::parse(read_file(workplace_.folder() / "trace.json"));
  std::set<int> tracks;
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] != "X") continue;
    tracks.insert(event["tid"].get<int>());
    EXPECT_GT(event["dur"], 0);
  }
  EXPECT_EQ(tracks.size(), 5u);
  std::set<std::string> names;
  for (const Json& event : trace["traceEvents"]) {
    if (event["name"] == "thread_name") names.insert(event["args"]["name"].get<std::string>());
  }
  EXPECT_EQ(names, (std::set<std::string>{"activation DMA", "weight DMA", "weight loader", "array",
                                          "vector unit", "sequencer"}));
  const Json& about = trace["otherData"];
  const Json& events = trace["traceEvents"];
  const auto stretches = std::count_if(events.begin(), events.end(),
                                       [](const Json& event) { return event["ph"] == "X"; });
  EXPECT_EQ(about["stretches"], stretches);
  EXPECT_EQ(about["cut"], false);
}

/// Sums over the stretches of a timeline, and the areas under its counters.
struct Traffic {
  std::int64_t from_dram = 0, to_dram = 0, from_scratchpad = 0;
  std::map<std::string, std::int64_t> stalls;
  double read_area = 0.0, write_area = 0.0;
};

Traffic traffic_of(const Json& trace) {
  Traffic sum;
  Json counter;  // the step before
  for (const Json& event : trace["traceEvents"]) {
    const Json& args = event["args"];
    if (event["ph"] == "C") {
      EXPECT_EQ(event["name"], "DRAM bytes per cycle");
      if (!counter.is_null()) {
        const double cycles = event["ts"].get<double>() - counter["ts"].get<double>();
        EXPECT_GT(cycles, 0.0);
        sum.read_area += cycles * counter["args"]["read"].get<double>();
        sum.write_area += cycles * counter["args"]["write"].get<double>();
      }
      counter = event;
    } else if (event["ph"] == "X") {
      if (args.contains("direction")) {
        (args["direction"] == "to DRAM" ? sum.to_dram : sum.from_dram) +=
            args["bytes"].get<std::int64_t>();
        EXPECT_EQ(args["strip"], -1);
      } else {
        sum.from_scratchpad += args.value("bytes", std::int64_t{0});
      }
      EXPECT_EQ(args["strip"] == -1, !args.contains("tile"));
      if (!args.contains("stall_cycles")) continue;
      for (const auto& [cause, cycles] : args["stall_cycles"].items()) {
        sum.stalls[cause] += cycles.get<std::int64_t>();
        EXPECT_LE(cycles, args["stall_cycles"][args["stall_cause"].get<std::string>()]);
      }
    }
  }
  EXPECT_EQ(counter["args"]["read"], 0.0);
  EXPECT_EQ(counter["args"]["write"], 0.0);
  return sum;
}

TEST_F(Run, TheTimelineHasTheBytesAndStallsOfTheResult) {
  const std::string folder = BROWNOUT_SOURCE_DIR "/configs/accelerators/";
  // Streamed weights, resident ones, output-stationary arrays.
  for (const char* accelerator : {"nvdla-small", "edge-16x16", "eyeriss-12x14"}) {
    SCOPED_TRACE(accelerator);
    const Outcome outcome =
        run({BROWNOUT_SOURCE_DIR "/models/fmnist-simplenet16-randbet-8b.onnx", "--accelerator",
             folder + accelerator + ".yaml", "--data", "data", "--images", "2", "--json", "-",
             "--timeline", "trace.json", "--overwrite"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const Json result = outcome.json();
    const Json trace = Json::parse(read_file(workplace_.folder() / "trace.json"));
    ASSERT_EQ(trace["otherData"]["cut"], false);
    Traffic sum = traffic_of(trace);
    const Json& counts = result["event_counts"];
    EXPECT_EQ(sum.from_dram, counts["dram_read_bytes"]);
    EXPECT_EQ(sum.to_dram, counts["dram_write_bytes"]);
    EXPECT_EQ(sum.from_scratchpad, 8 * counts["weight_reads"].get<std::int64_t>());
    EXPECT_NEAR(sum.read_area, counts["dram_read_bytes"].get<double>(), 0.01);
    EXPECT_NEAR(sum.write_area, counts["dram_write_bytes"].get<double>(), 0.01);
    for (const char* cause :
         {"weights", "weight_dma", "accumulators", "activation_bank", "vector_unit", "drain"}) {
      EXPECT_EQ(sum.stalls[cause], result["stall_cycles"][cause]) << cause;
    }
  }
}

TEST_F(Run, AnOutputReplacesNeitherAnInputNorAnotherOutput) {
  const std::string network = workplace_.network().string();
  const auto to = [&](const std::vector<std::string>& outputs) {
    std::vector<std::string> arguments{network, "--accelerator", "edge.yaml", "--data", "data"};
    arguments.insert(arguments.end(), outputs.begin(), outputs.end());
    return run(arguments);
  };
  std::string edge = read_file(kEdge);
  const std::string relative = "../../profiles/14nm-finfet.yaml";
  const std::size_t at = edge.find(relative);
  ASSERT_NE(at, std::string::npos);
  workplace_.write("edge.yaml", edge.replace(at, relative.size(), kTechnology));
  const std::vector<std::string> before = workplace_.listing();
  expect_refused(to({"--json", "a.json", "--timeline", "./a.json"}),
                 "--timeline: ./a.json: expected a file of its own, found that of --json");
  expect_refused(to({"--timeline", network}), "--timeline: " + network + ": expected a file of");
  expect_refused(to({"--json", network}), "found the input");
  expect_refused(to({"--json", "data/../edge.yaml"}), "found the input edge.yaml");
  EXPECT_EQ(workplace_.listing(), before);

  workplace_.write("run.json", "{}");
  expect_refused(run({"--reprice", "run.json", "--json", "run.json"}), "found the input run.json");
  const auto in = [&](const std::vector<std::string>& words) {
    return workplace_.run(BROWNOUT_BINARY, words);
  };
  expect_refused(
      in({"model", "program", network, "--accelerator", "edge.yaml", "--json", "edge.yaml"}),
      "found the input edge.yaml");
  for (const char* own : {"out", "out/points.csv", "out/../out/results.sqlite"}) {
    expect_refused(in({"sweep", "sweep.yaml", "--out", "out", "--json", own}),
                   "expected a file of its own, found that of --out");
  }
  EXPECT_FALSE(std::filesystem::exists(workplace_.folder() / "out"));
}

TEST_F(Run, RefusesWhatDoesNotFitWithOneLine) {
  const std::string network = workplace_.network().string();
  const auto with = [&](const std::string& accelerator) {
    workplace_.write("a.yaml", accelerator);
    return run({network, "--accelerator", "a.yaml", "--data", "data", "--json", "-"});
  };
  const std::string head = std::string("name: a\ntechnology: ") + kTechnology + "\n";
  expect_refused(with(head + "array: {rows: 0, columns: 4}\n"), "rows");
  expect_refused(with(head + "array: {rows: 4, columns: 4, dataflow: sideways}\n"), "dataflow");
  expect_refused(with(head + "weights: {arrays: 1, array_rows: 8}\n"), "weights.arrays");
  expect_refused(with(head + "weights: {arrays: 6, words_per_cycle: 4}\n"), "words_per_cycle");
  expect_refused(with(head + "activations: {kib: 256, banks: 7}\n"), "banks");
  expect_refused(with(head + "dram: {bytes_per_cycle: 0}\n"), "bytes_per_cycle");
  expect_refused(run({network, "--accelerator", "none.yaml"}), "none.yaml");
  expect_refused(run({network}), "--accelerator");
  expect_refused(run({"--reprice", network}), "brownout run");
  expect_refused(on_edge({"--voltage", "0.5"}),
                 "--voltage: expected a number in [0.75, 1], got \"0.5\" (the range of ");
  expect_refused(on_edge({"--chip", "random:1"}), "--voltage");
  expect_refused(on_edge({"--voltage", "0.8", "--voltage", "0.9"}),
                 "--voltage: expected it once, got it twice");
  expect_refused(on_edge({"--engine", "float"}), "functional, systemc");
  expect_refused(run({network, "--accelerator", kEdge, "--data", "data", "--images", "401"}),
                 "400");
}

}  // namespace
}  // namespace brownout::end_to_end
