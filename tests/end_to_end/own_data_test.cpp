// SPDX-License-Identifier: Apache-2.0
// One's own data from the outside: the images of the built-in data set, written in every form that
// a data file can name, give the numbers of the built-in data set; without labels, the clean
// network's classes stand in for them, and every output says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "sim/base/files.hpp"
#include "sim/network/onnx_file.hpp"
#include "tests/base/array_files.hpp"
#include "tests/data/formats/tiny_sets.hpp"
#include "workplace.hpp"

namespace brownout::end_to_end {
namespace {

namespace fs = std::filesystem;
using arrays::npy_of;
using arrays::raw_of;
using testing::HasSubstr;

constexpr std::size_t kCount = 60;
constexpr std::size_t kSize = 28 * 28;

class OwnData : public testing::Test {
 protected:
  OwnData() {
    // After the headers of IDX files: 16 and 8 bytes.
    pixels_ =
        read_file(workplace_.folder() / "data/t10k-images-idx3-ubyte").substr(16, kCount * kSize);
    labels_ = read_file(workplace_.folder() / "data/t10k-labels-idx1-ubyte").substr(8, kCount);
    workplace_.write("x.npy", npy_of("u1", {kCount, 28, 28}, pixels_));
    workplace_.write("y.npy", npy_of("u1", {kCount}, labels_));
    workplace_.write("own.yaml", "test: {images: x.npy, labels: y.npy}\n");
    workplace_.write("plain.yaml", "test: {images: x.npy}\n");
  }

  Outcome run(std::vector<std::string> words, const std::vector<std::string>& more = {}) const {
    words.insert(words.end(), more.begin(), more.end());
    return workplace_.run(BROWNOUT_BINARY, words);
  }
  nlohmann::json eval(const std::vector<std::string>& data) const {
    const Outcome outcome = run({"eval", workplace_.network().string(), "--rate", "0.02", "--chips",
                                 "2", "--images", std::to_string(kCount), "--json", "-", "--quiet"},
                                data);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.code == 0 ? without_timing(outcome.json()) : nlohmann::json();
  }
  void expect_same_as_built_in(const std::string& yaml) const {
    nlohmann::json own = eval({"--dataset", yaml});
    nlohmann::json built_in = eval({"--data", "data"});
    EXPECT_EQ(own.at("dataset"), yaml);
    own.erase("dataset");
    built_in.erase("dataset");
    EXPECT_EQ(own, built_in) << yaml;
  }
  void refuse(const std::vector<std::string>& arguments, const std::string& message) const {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(message));
  }

  Workplace workplace_;
  std::string pixels_, labels_;
};

TEST_F(OwnData, ArraysOfEveryKindGiveTheNumbersOfTheBuiltInSet) {
  std::vector<float> floats;
  for (const char pixel : pixels_) {
    floats.push_back(static_cast<float>(static_cast<unsigned char>(pixel)) / 255.0f);
  }
  std::vector<std::int64_t> labels(labels_.begin(), labels_.end());
  const std::string x = npy_of("f4", {kCount, 28, 28, 1}, raw_of(floats), {2, true});
  const std::string y = npy_of("i8", {kCount}, raw_of(labels), {1, true});
  workplace_.write("d.npz",
                   arrays::zip_of({{"x.npy", x}, {"y.npy", y}}, arrays::Packing::kDeflated));
  workplace_.write("npz.yaml",
                   "layout: NHWC\nclasses: 10\n"
                   "test: {images: d.npz, images_array: x, labels: d.npz, labels_array: y}\n");
  arrays::write_hdf5(workplace_.folder() / "d.h5",
                     {{"x", "f4", {kCount, 1, 28, 28}, raw_of(floats), true},
                      {"y", "i8", {kCount}, raw_of(labels), false}});
  workplace_.write("h5.yaml",
                   "test: {images: d.h5, images_array: x, labels: d.h5, labels_array: y}\n");
  for (const char* yaml : {"own.yaml", "npz.yaml", "h5.yaml"}) expect_same_as_built_in(yaml);
}

TEST_F(OwnData, PicturesGiveTheErrorsOfTheBuiltInSet) {
  for (std::size_t i = 0; i < kCount; ++i) {
    const fs::path folder = workplace_.folder() / "val" / std::string(1, '0' + labels_[i]);
    fs::create_directories(folder);
    const std::string name = std::to_string(1000 + i) + ".png";
    data::write_grey_picture(folder / name, pixels_.substr(i * kSize, kSize), 28, 28);
    fs::create_directories(workplace_.folder() / "flat");
    fs::copy_file(folder / name, workplace_.folder() / "flat" / name);
  }
  workplace_.write("flat.yaml", "colour: grey\ntest: {images: flat, labels: y.npy}\n");
  expect_same_as_built_in("flat.yaml");
  workplace_.write("val.yaml", "colour: grey\ntest: {images: val}\n");
  // In another order: the logits have another hash, but the errors are the same.
  EXPECT_EQ(eval({"--dataset", "val.yaml"}).at("err"), eval({"--data", "data"}).at("err"));
}

TEST_F(OwnData, EveryFileThatNamesDataTakesItRelativeToItself) {
  fs::create_directory(workplace_.folder() / "sub");
  workplace_.write("sub/own.yaml", "test: {images: ../x.npy, labels: ../y.npy}\n");
  workplace_.write("sub/sweep.yaml",
                   "technology: " BROWNOUT_SOURCE_DIR
                   "/profiles/14nm-finfet.yaml\nmodels: [../tiny-rquant-8b.onnx]\n"
                   "dataset: own.yaml\nimages: 50\nvoltages: [0.8, 1.0]\nchips: 1\n");
  const Outcome swept = run({"sweep", "sub/sweep.yaml", "--out", "out", "--no-plot", "--quiet"});
  EXPECT_EQ(swept.code, 0) << swept.err;
  const auto sweep = nlohmann::json::parse(read_file(workplace_.folder() / "out/sweep.json"));
  EXPECT_EQ(sweep.at("configuration").at("dataset").at("name"), "own.yaml");
  EXPECT_FALSE(sweep.contains("labels"));
  workplace_.write("sub/study.yaml",
                   "title: own\ndataset: own.yaml\nimages: 50\nchips: 1\n"
                   "evaluations:\n  clean: {kind: clean}\n"
                   "rows:\n  - {name: tiny, network: ../tiny-rquant-8b.onnx}\n");
  const Outcome study = run({"study", "sub/study.yaml", "--out", "st", "--no-plot", "--quiet"});
  EXPECT_EQ(study.code, 0) << study.err;
}

TEST_F(OwnData, WithoutLabelsTheCleanNetworkIsRightAndEveryOutputSaysSo) {
  const std::string tiny = workplace_.network().string();
  const std::string edge = BROWNOUT_SOURCE_DIR "/configs/accelerators/edge-16x16.yaml";
  const std::vector<std::string> data{"--dataset", "plain.yaml", "--images", "20", "--quiet"};
  for (const std::vector<std::string>& verb :
       {std::vector<std::string>{"eval", tiny, "--rate", "0.02", "--chips", "1"},
        {"eval", tiny, "--engine", "float", "--weight-noise", "0.1", "--chips", "1"},
        {"run", tiny, "--accelerator", edge},
        {"sensitivity", tiny, "--rate", "0.02", "--chips", "1"}}) {
    const Outcome text = run(verb, data);
    EXPECT_EQ(text.code, 0) << text.err;
    EXPECT_THAT(text.out, HasSubstr("No labels: an image is wrong when its class is another one"));
    std::vector<std::string> with_json = data;
    with_json.insert(with_json.end(), {"--json", "-"});
    const Outcome outcome = run(verb, with_json);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const nlohmann::json json = outcome.json();
    EXPECT_EQ(json.at("labels"), "clean-predictions") << verb[0];
    const nlohmann::json& clean = json.contains("networks") ? json.at("networks").at(0) : json;
    EXPECT_EQ(clean.at("err"), 0.0) << verb[0];
  }
  const nlohmann::json labelled = eval({"--dataset", "own.yaml"});
  const nlohmann::json plain = eval({"--dataset", "plain.yaml"});
  EXPECT_FALSE(labelled.contains("labels"));
  EXPECT_EQ(plain.at("logits_sha256"), labelled.at("logits_sha256"));
  EXPECT_GT(plain.at("rerr_mean").get<double>(), 0.0);
}

TEST_F(OwnData, SweepsAndStudiesOfUnlabelledImagesSaySo) {
  workplace_.write("sweep2.yaml", "technology: " BROWNOUT_SOURCE_DIR
                                  "/profiles/14nm-finfet.yaml\nmodels: [tiny-rquant-8b.onnx]\n"
                                  "dataset: plain.yaml\nvoltages: [0.8, 1.0]\nchips: 1\n");
  const Outcome swept = run({"sweep", "sweep2.yaml", "--out", "out", "--no-plot", "--quiet"});
  ASSERT_EQ(swept.code, 0) << swept.err;
  EXPECT_THAT(swept.out, HasSubstr("No labels: "));
  const auto sweep = nlohmann::json::parse(read_file(workplace_.folder() / "out/sweep.json"));
  EXPECT_EQ(sweep.at("labels"), "clean-predictions");
  const std::string csv = read_file(workplace_.folder() / "out/points.csv");
  EXPECT_THAT(csv, HasSubstr(",labels\n"));
  EXPECT_THAT(csv, HasSubstr(",clean-predictions\n"));
  workplace_.write("study2.yaml",
                   "title: own\ndataset: plain.yaml\nchips: 1\nevaluations:\n"
                   "  clean: {kind: clean}\n  noise: {kind: noise, shares: [0.5]}\n"
                   "rows:\n  - {name: tiny, network: tiny-rquant-8b.onnx}\n");
  const Outcome study =
      run({"study", "study2.yaml", "--out", "st", "--no-plot", "--quiet", "--json", "-"});
  ASSERT_EQ(study.code, 0) << study.err;
  for (const nlohmann::json& one : study.json().at("evaluations")) {
    EXPECT_EQ(one.at("labels"), "clean-predictions");
  }
}

TEST_F(OwnData, ClassesBeyond255AreCountedRight) {
  network::Network net = tiny_network(network::Scheme::kRquant, 8);
  net.classes = 300;
  net.parameters[0].shape = {300, static_cast<std::int64_t>(kSize)};
  net.parameters[0].n.assign(300 * kSize, 0);
  net.parameters[1].shape = {300};
  net.parameters[1].n.assign(300, 0);
  net.parameters[1].n[290] = 100;  // always class 290
  std::get<network::Linear>(net.nodes[2].op).out_features = 300;
  network::write_onnx(net, workplace_.folder() / "many.onnx");
  std::vector<std::uint16_t> labels(kCount, 290);
  labels[0] = 290 - 256;  // the same in eight bits
  workplace_.write("y.npy", npy_of("u2", {kCount}, raw_of(labels)));
  const Outcome outcome =
      run({"eval", "many.onnx", "--dataset", "own.yaml", "--json", "-", "--quiet"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NEAR(outcome.json().at("err").get<double>(), 100.0 / kCount, 1e-9);
  workplace_.write("sweep3.yaml", "technology: " BROWNOUT_SOURCE_DIR
                                  "/profiles/14nm-finfet.yaml\nmodels: [many.onnx]\n"
                                  "dataset: own.yaml\nvoltages: [1.0]\nchips: 1\n");
  for (int i = 0; i < 2; ++i) {  // the second time from the store
    const Outcome swept = run({"sweep", "sweep3.yaml", "--out", "out", "--no-plot", "--quiet"});
    ASSERT_EQ(swept.code, 0) << swept.err;
  }
}

TEST_F(OwnData, MistakesAreOneMessage) {
  const std::string tiny = workplace_.network().string();
  workplace_.write("small.npy", npy_of("u1", {3, 3, 8, 8}, std::string(576, '\0')));
  workplace_.write("small.yaml", "test: {images: small.npy}\n");
  workplace_.write("y.npy", npy_of("u1", {kCount}, std::string(kCount, '\12')));
  refuse({"eval", tiny, "--dataset", "small.yaml"},
         "input is 1x28x28 (channels x height x width), images of small.yaml are 3x8x8");
  refuse({"eval", tiny, "--dataset", "own.yaml"},
         "has 10 classes, image 0 of own.yaml has label 10");
  refuse({"eval", tiny, "--dataset", "none.yaml"}, "none.yaml: cannot open");
  refuse({"eval", tiny, "--dataset", "plain.yaml", "--data", "data"},
         "--data: is of known data sets");
  refuse({"eval", tiny, "--dataset", "plain.yaml", "--images", "61"},
         "--images: expected an integer in [1, 60], the images of plain.yaml (test), got 61");
  refuse({"eval", tiny, "--dataset", "plain.yaml", "--split", "train"},
         "plain.yaml: has no images for the split train; expected the key train");
  refuse({"eval", tiny, "--dataset", "minst"}, "--dataset: expected one of");
  refuse({"eval", tiny, "--dataset", "plain.yaml", "--json", "x.npy", "--overwrite"}, "x.npy");
}

}  // namespace
}  // namespace brownout::end_to_end
