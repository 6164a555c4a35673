// SPDX-License-Identifier: Apache-2.0
// Reads configs/trainings/*.yaml.
#include "trainers/method/training_config.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/base/shipped.hpp"
#include "sim/base/yaml.hpp"
#include "sim/data/data_file.hpp"
#include "trainers/method/architecture.hpp"

namespace brownout::trainers {
namespace {

const std::vector<std::string> kRanges = {"per-tensor", "global"};
const std::vector<std::string> kWhen = {"training", "after-training"};
const std::vector<std::string> kDecays = {"milestones", "cosine"};
const std::vector<std::string> kInitializations = {"kaiming-normal", "fan-in-uniform"};
const std::vector<std::string> kRoles = {"weight", "bias", "scale", "shift"};

bool codes(const CodingChoice& choice, network::Role role) {
  return std::find(choice.coded_roles.begin(), choice.coded_roles.end(), role) !=
         choice.coded_roles.end();
}

CodingChoice read_coding(YamlMap map) {
  map.expect({"scheme", "bits", "rounding", "range", "coded", "when", "unit"});
  CodingChoice c;
  c.scheme = static_cast<network::Scheme>(map.choice("scheme", network::scheme_names()));
  c.bits = static_cast<int>(map.integer("bits", 1, 8));
  try {
    network::check_bits(c.scheme, c.bits);
  } catch (const InputError& error) {
    map.fail("bits", error.what());
  }
  c.rounding = static_cast<network::Rounding>(map.choice("rounding", network::rounding_names(), 0));
  c.after_training = map.choice("when", kWhen, 0) == 1;
  if (map.has("unit")) {
    if (c.after_training) map.fail("unit", "float training knows no codes; expected none");
    c.unit = map.number("unit", 1e-9, 1e9);
  }
  c.global_range = map.choice("range", kRanges, 0) == 1;
  if (c.global_range && c.scheme != network::Scheme::kSymmetric) {
    map.fail("range", "a global range needs the scheme symmetric");
  }
  // A norm's scale or a bias of 1 bit would be useless.
  if (c.scheme == network::Scheme::kBinary) c.coded_roles = {network::Role::kWeight};
  std::vector<std::string> roles;
  if (map.has("coded")) {
    roles = map.texts("coded");
    c.coded_roles.clear();
  }
  for (const std::string& role : roles) {
    const auto it = std::find(kRoles.begin(), kRoles.end(), role);
    if (it == kRoles.end()) {
      map.fail("coded", "expected weight, bias, scale or shift, got \"" + role + "\"");
    }
    const auto added = static_cast<network::Role>(it - kRoles.begin());
    if (codes(c, added)) map.fail("coded", "\"" + role + "\" is listed twice");
    c.coded_roles.push_back(added);
  }
  if (!codes(c, network::Role::kWeight)) {
    map.fail("coded", "expected weight among them: the array computes on codes only");
  }
  map.finish();
  return c;
}

OptimizerChoice read_optimizer(YamlMap map) {
  map.expect({"kind", "learning_rate", "weight_decay", "momentum", "nesterov", "beta1", "beta2",
              "epsilon"});
  OptimizerChoice o;
  o.kind = static_cast<OptimizerChoice::Kind>(map.choice("kind", {"sgd", "adam"}, 0));
  const bool sgd = o.kind == OptimizerChoice::Kind::kSgd;
  o.learning_rate = map.number("learning_rate", 1e-12, 10.0, sgd ? 0.05 : 1e-3);
  o.weight_decay = map.number("weight_decay", 0.0, 1.0, sgd ? 5e-4 : 0.0);
  if (sgd) {
    o.momentum = map.number("momentum", 0.0, 0.9999, o.momentum);
    o.nesterov = map.boolean("nesterov", o.nesterov);
  } else {
    o.beta1 = map.number("beta1", 0.0, 0.9999999, o.beta1);
    o.beta2 = map.number("beta2", 0.0, 0.9999999, o.beta2);
    o.epsilon = map.number("epsilon", 1e-20, 1.0, o.epsilon);
  }
  map.finish();
  return o;
}

constexpr std::int64_t kMostSteps = 1'000'000'000'000;
constexpr std::int64_t kMostImages = 1'000'000'000;

ScheduleChoice read_schedule(YamlMap map) {
  map.expect({"epochs", "steps", "batch", "decay", "milestones", "factor"});
  ScheduleChoice s;
  s.epochs = static_cast<int>(map.integer("epochs", 1, 100000));
  if (map.has("steps")) s.steps = map.integer("steps", 1, kMostSteps);
  s.batch = static_cast<int>(map.integer("batch", 1, 100000, s.batch));
  s.batch_origin = map.where("batch");
  s.cosine = map.choice("decay", kDecays, 0) == 1;
  for (const char* key : {"milestones", "factor"}) {
    if (s.cosine && map.has(key)) map.fail(key, "goes with decay: milestones; expected none");
  }
  if (map.has("milestones")) s.milestones = map.numbers("milestones", 0.0, 1.0, false);
  if (!std::is_sorted(s.milestones.begin(), s.milestones.end())) {
    map.fail("milestones", fmt::format("expected rising shares of the training, got [{}]",
                                       fmt::join(s.milestones, ", ")));
  }
  s.factor = map.number("factor", 0.0, 1.0, s.factor);
  map.finish();
  return s;
}

void read_architecture(YamlMap map, bool file_exists, TrainingConfig& c) {
  map.expect({"file", "width", "norm", "activation", "reparameterized"});
  c.architecture = file_exists ? map.input_file("file") : map.path("file");
  if (map.has("width")) c.width = static_cast<int>(map.integer("width", 1, 4096));
  if (map.has("norm")) {
    c.norm = norm_kinds()[static_cast<std::size_t>(map.choice("norm", norm_kinds()))];
  }
  if (map.has("activation")) {
    const auto& kinds = activation_kinds();
    c.activation = kinds[static_cast<std::size_t>(map.choice("activation", kinds))];
  }
  if (map.has("reparameterized")) c.reparameterized = map.boolean("reparameterized");
  map.finish();
}

/// The network comes from one of two keys.
void read_network(YamlMap& root, bool files_exist, TrainingConfig& c) {
  if (!root.has("initial")) {
    read_architecture(root.map("architecture"), files_exist, c);
    return;
  }
  for (const char* key : {"architecture", "initialization"}) {
    if (root.has(key)) root.fail(key, "`initial` gives both network and weights; expected none");
  }
  c.initial = read_initial(root, files_exist);
}

std::string describe_network(const TrainingConfig& c) {
  if (c.initial) return describe(*c.initial);
  std::string text = "file: " + c.architecture.filename().string();
  if (c.width) text += fmt::format(", width: {}", *c.width);
  if (c.norm) text += ", norm: " + *c.norm;
  if (c.activation) text += ", activation: " + *c.activation;
  if (c.reparameterized) text += fmt::format(", reparameterized: {}", *c.reparameterized);
  return "architecture: {" + text + "}\n";
}

TrainingConfig read(YamlMap root, bool files_exist) {
  TrainingConfig c;
  c.file = root.file();
  root.expect({"architecture", "initial", "dataset", "quantization", "w_max", "w_max_ramp", "loss",
               "bit_errors", "optimizer", "schedule", "initialization", "seed",
               "calibration_images", "output"});
  read_network(root, files_exist, c);
  YamlMap dataset = root.map("dataset");
  dataset.expect({"name", "images", "test_images", "whitening", "folder", "augmentation"});
  const data::DataName name = data::read_data_name(dataset, "name", {}, !files_exist);
  c.dataset = name.text;
  c.data_file = name.file;
  if (c.initial && dataset.has("whitening")) {
    dataset.fail("whitening", "`initial` says what the network reads; expected none");
  }
  c.whitening = dataset.boolean("whitening", true);
  if (dataset.has("folder")) {
    c.dataset_folder = dataset.path("folder");
  }
  c.dataset_origin = dataset.where(dataset.has("folder") ? "folder" : "name");
  if (auto augmentation = dataset.optional_map("augmentation")) {
    c.augmentation = read_augmentation(*augmentation);
  }
  if (dataset.has("images")) c.images = dataset.integer("images", 1, kMostImages);
  if (dataset.has("test_images")) c.test_images = dataset.integer("test_images", 1, kMostImages);
  c.images_origin = dataset.where("images");
  c.test_images_origin = dataset.where("test_images");
  dataset.finish();
  c.coding = read_coding(root.map("quantization"));
  // Beyond 1, the float value of a binary weight would first have to come back before its sign
  // could change.
  const bool binary = c.coding.scheme == network::Scheme::kBinary && !c.coding.after_training;
  c.w_max = root.number("w_max", 1e-6, 1e6, binary ? 1.0 : 0.0);
  if (auto ramp = root.optional_map("w_max_ramp")) {
    if (c.w_max <= 0.0) root.fail("w_max_ramp", "goes with w_max, its end; expected none");
    ramp->expect({"start", "until"});
    c.clipping_ramp.emplace();
    c.clipping_ramp->start = ramp->number("start", c.w_max, 1e6);
    c.clipping_ramp->until = ramp->number("until", 1e-6, 1.0, c.clipping_ramp->until);
    ramp->finish();
  }
  if (auto loss = root.optional_map("loss")) c.loss = read_loss(*loss);
  if (auto errors = root.optional_map("bit_errors")) c.errors = read_bit_errors(*errors);
  if (c.errors.active() && c.coding.after_training) {
    root.fail("bit_errors",
              "errors hit codes, and quantization.when is after-training; expected none");
  }
  if (auto optimizer = root.optional_map("optimizer")) c.optimizer = read_optimizer(*optimizer);
  c.schedule = read_schedule(root.map("schedule"));
  c.initialization =
      static_cast<Initialization>(root.choice("initialization", kInitializations, 0));
  c.seed = static_cast<std::uint64_t>(root.integer("seed", 0, 1ll << 62, 1));
  c.calibration_images =
      static_cast<int>(root.integer("calibration_images", 1, 1 << 24, c.calibration_images));
  c.output = place_of_results(root.path("output"));
  root.finish();
  return c;
}

}  // namespace

TrainingConfig load_training(const std::filesystem::path& file,
                             const std::vector<std::string>& assignments) {
  return read(YamlMap::load(file, assignments), true);
}

TrainingConfig parse_training(const std::string& text, const std::filesystem::path& name) {
  return read(YamlMap::parse(text, name), false);
}

namespace {

std::string describe_dataset(const TrainingConfig& c) {
  std::string text = "name: " + c.dataset;
  if (c.images) text += fmt::format(", images: {}", *c.images);
  if (c.test_images) text += fmt::format(", test_images: {}", *c.test_images);
  if (!c.whitening) text += ", whitening: false";
  return "dataset: {" + text + describe(c.augmentation) + "}\n";
}

std::string describe_coding(const TrainingConfig& c, bool identity) {
  const CodingChoice& coding = c.coding;
  std::string roles;
  for (const network::Role role : coding.coded_roles) {
    roles += (roles.empty() ? "" : ", ") + kRoles[static_cast<std::size_t>(role)];
  }
  std::string text = fmt::format(
      "scheme: {}, bits: {}, rounding: {}, range: {}, ", network::to_string(coding.scheme),
      coding.bits, network::to_string(coding.rounding), kRanges[coding.global_range ? 1 : 0]);
  if (identity && coding.after_training) text.clear();
  text += fmt::format("coded: [{}]", roles);
  if (coding.after_training) text += ", when: after-training";
  if (coding.unit > 0.0) text += fmt::format(", unit: {}", coding.unit);
  return "quantization: {" + text + "}\n";
}

std::string describe_all(const TrainingConfig& c, bool identity) {
  const OptimizerChoice& o = c.optimizer;
  std::string text = describe_network(c) + describe_dataset(c);
  text += describe_coding(c, identity);
  if (c.w_max > 0.0) text += fmt::format("w_max: {}\n", c.w_max);
  if (c.clipping_ramp) {
    text += fmt::format("w_max_ramp: {{start: {}, until: {}}}\n", c.clipping_ramp->start,
                        c.clipping_ramp->until);
  }
  text += describe(c.loss);
  text += describe(c.errors);
  if (o.kind == OptimizerChoice::Kind::kSgd) {
    text += fmt::format(
        "optimizer: {{kind: sgd, learning_rate: {}, momentum: {}, nesterov: {}, weight_decay: "
        "{}}}\n",
        o.learning_rate, o.momentum, o.nesterov, o.weight_decay);
  } else {
    text += fmt::format(
        "optimizer: {{kind: adam, learning_rate: {}, beta1: {}, beta2: {}, epsilon: {}, "
        "weight_decay: {}}}\n",
        o.learning_rate, o.beta1, o.beta2, o.epsilon, o.weight_decay);
  }
  if (c.initialization != Initialization::kKaimingNormal) {
    text +=
        "initialization: " + kInitializations[static_cast<std::size_t>(c.initialization)] + "\n";
  }
  const ScheduleChoice& s = c.schedule;
  const std::string decay = s.cosine ? "decay: cosine"
                                     : fmt::format("milestones: [{}], factor: {}",
                                                   fmt::join(s.milestones, ", "), s.factor);
  const std::string steps = s.steps ? fmt::format(", steps: {}", *s.steps) : "";
  text += fmt::format("schedule: {{epochs: {}{}, batch: {}, {}}}\nseed: {}\n", s.epochs, steps,
                      s.batch, decay, c.seed);
  return text;
}

}  // namespace

std::string describe(const TrainingConfig& config) { return describe_all(config, false); }

std::string identity(const TrainingConfig& config) { return describe_all(config, true); }

}  // namespace brownout::trainers
