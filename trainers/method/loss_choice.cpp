// SPDX-License-Identifier: Apache-2.0
// Reads `loss` of configs/trainings/*.yaml.
#include "trainers/method/loss_choice.hpp"

#include <fmt/format.h>

namespace brownout::trainers {
namespace {

using Kind = LossChoice::Kind;

const std::vector<std::string> kKinds = {"cross-entropy", "mcel", "hinge"};

/// Keys of another loss are errors that say which loss they belong to.
void refuse(YamlMap& map, const std::string& key, const std::string& owner) {
  if (map.has(key)) map.fail(key, "goes with kind: " + owner + "; expected none");
}

}  // namespace

LossChoice read_loss(YamlMap map) {
  map.expect(
      {"kind", "logit_scale", "learn_scale", "bound", "margin", "hinge_bound", "label_smoothing"});
  LossChoice c;
  c.kind = static_cast<Kind>(map.choice("kind", kKinds, 0));
  c.logit_scale = map.number("logit_scale", 1e-9, 1e9, c.logit_scale);
  c.learn_scale = map.boolean("learn_scale", c.learn_scale);
  if (c.kind == Kind::kMcel) {
    c.bound = map.number("bound", 1e-3, 1e9, c.bound);
    c.margin = map.number("margin", 0.0, 1e9, c.margin);
    if (c.margin >= 2.0 * c.bound) {
      map.fail(map.has("margin") ? "margin" : "bound",
               fmt::format("expected a margin below 2 x bound = {}, which no two logits exceed, "
                           "got {}",
                           2.0 * c.bound, c.margin));
    }
  } else {
    refuse(map, "bound", "mcel");
    refuse(map, "margin", "mcel");
  }
  if (c.kind == Kind::kHinge) {
    c.hinge_bound = map.number("hinge_bound", 1e-3, 1e9, c.hinge_bound);
    if (map.has("label_smoothing")) {
      map.fail("label_smoothing", "the hinge loss has no target distribution; expected none");
    }
  } else {
    refuse(map, "hinge_bound", "hinge");
    c.label_smoothing = map.number("label_smoothing", 0.0, 0.9, c.label_smoothing);
  }
  map.finish();
  return c;
}

std::string describe(const LossChoice& c) {
  std::string text = "kind: " + kKinds[static_cast<std::size_t>(c.kind)];
  if (c.kind == Kind::kMcel) text += fmt::format(", bound: {}, margin: {}", c.bound, c.margin);
  if (c.kind == Kind::kHinge) text += fmt::format(", hinge_bound: {}", c.hinge_bound);
  if (c.logit_scale != 1.0) text += fmt::format(", logit_scale: {}", c.logit_scale);
  if (c.learn_scale) text += ", learn_scale: true";
  if (c.label_smoothing > 0.0) text += fmt::format(", label_smoothing: {}", c.label_smoothing);
  return text == "kind: cross-entropy" ? "" : "loss: {" + text + "}\n";
}

}  // namespace brownout::trainers
