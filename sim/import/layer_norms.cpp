// SPDX-License-Identifier: Apache-2.0
// Matches backwards from the last operator.
#include "sim/import/layer_norms.hpp"

#include <algorithm>
#include <optional>

#include "sim/import/axes.hpp"

namespace brownout::importing {

namespace {

class Matcher {
 public:
  Matcher(const Graph& graph, const Values& values) : values_(values) {
    for (const Node& node : graph.nodes()) {
      for (const std::string& output : node.outputs) makers_[output] = &node;
      for (const std::string& input : node.inputs) readers_[input].insert(&node);
    }
    for (const std::string& output : graph.outputs()) results_.insert(output);
  }

  /// y = d/sqrt(s) with s = ReduceMean(Pow(d, 2)) + epsilon and d = Sub(x, ReduceMean(x)), as a
  /// quotient or as a product with the reciprocal; d may be computed twice.
  std::optional<WrittenOutNorm> match(const Node& last) {
    if (last.inputs.size() != 2) return std::nullopt;
    if (last.op == "Div") return match(last, last.inputs[0], root_of(last.inputs[1]));
    if (last.op != "Mul") return std::nullopt;
    for (const std::size_t i : {0u, 1u}) {
      const auto found = match(last, last.inputs[i], reciprocal_root_of(last.inputs[1 - i]));
      if (found) return found;
    }
    return std::nullopt;
  }

  const std::set<const Node*>& parts() const { return parts_; }

 private:
  /// `sum`: s of a quotient of `difference`; "" where there is none.
  std::optional<WrittenOutNorm> match(const Node& last, const std::string& difference,
                                      const std::string& sum_of_variance) {
    const Node* sum = sum_of_variance.empty() ? nullptr : part(sum_of_variance, "Add");
    if (sum == nullptr) return std::nullopt;
    for (const std::size_t i : {0u, 1u}) {
      if (sum->inputs.size() != 2 || !is_number(sum->inputs[1 - i])) continue;
      const Node* variance = part(sum->inputs[i], "ReduceMean");
      const Node* square = variance == nullptr ? nullptr : squared(variance->inputs[0]);
      if (square == nullptr) return std::nullopt;
      const Node* mean = centred(square->inputs[0]);
      const Node* again = centred(difference);
      if (mean == nullptr || again == nullptr || mean->inputs[0] != again->inputs[0] ||
          axes_of_mean(*mean) != axes_of_mean(*variance) || axes_of_mean(*mean).empty() ||
          !nothing_else_reads(last))
        return std::nullopt;
      return WrittenOutNorm{mean->inputs[0], axes_of_mean(*mean), number(sum->inputs[1 - i])};
    }
    return std::nullopt;
  }

  /// s of Sqrt(s) or Pow(s, 0.5); begins a match.
  std::string root_of(const std::string& value) {
    parts_.clear();
    return root_within(value);
  }
  std::string root_within(const std::string& value) {
    if (const Node* root = part(value, "Sqrt")) return root->inputs[0];
    return power_of(value, 0.5f);
  }
  /// s of Reciprocal(√s), Div(1, √s), Sqrt(Reciprocal(s)) or Pow(s, -0.5); begins a match.
  std::string reciprocal_root_of(const std::string& value) {
    parts_.clear();
    if (const Node* reciprocal = part(value, "Reciprocal")) {
      return root_within(reciprocal->inputs[0]);
    }
    if (const Node* root = part(value, "Sqrt")) {
      const Node* reciprocal = part(root->inputs[0], "Reciprocal");
      return reciprocal == nullptr ? "" : reciprocal->inputs[0];
    }
    if (const Node* quotient = part(value, "Div")) {
      const bool of_one = quotient->inputs.size() == 2 && is_number(quotient->inputs[0]) &&
                          number(quotient->inputs[0]) == 1.0f;
      return of_one ? root_within(quotient->inputs[1]) : "";
    }
    return power_of(value, -0.5f);
  }
  std::string power_of(const std::string& value, float exponent) {
    const Node* power = part(value, "Pow");
    const bool found = power != nullptr && power->inputs.size() == 2 &&
                       is_number(power->inputs[1]) && number(power->inputs[1]) == exponent;
    return found ? power->inputs[0] : "";
  }

  /// The operator that computes a value, if it is an `op`; it becomes a part of the match.
  const Node* part(const std::string& value, const std::string& op) {
    const auto found = makers_.find(value);
    if (found == makers_.end() || found->second->op != op || found->second->inputs.empty())
      return nullptr;
    parts_.insert(found->second);
    return found->second;
  }
  /// Pow(d, 2) or Mul(d, d).
  const Node* squared(const std::string& value) {
    if (const Node* product = part(value, "Mul")) {
      return product->inputs.size() == 2 && product->inputs[0] == product->inputs[1] ? product
                                                                                     : nullptr;
    }
    const Node* power = part(value, "Pow");
    if (power == nullptr || power->inputs.size() != 2 || !is_number(power->inputs[1]) ||
        number(power->inputs[1]) != 2.0f)
      return nullptr;
    return power;
  }
  /// The ReduceMean of d = Sub(x, ReduceMean(x)).
  const Node* centred(const std::string& value) {
    const Node* difference = part(value, "Sub");
    if (difference == nullptr || difference->inputs.size() != 2) return nullptr;
    const Node* mean = part(difference->inputs[1], "ReduceMean");
    return mean != nullptr && mean->inputs[0] == difference->inputs[0] ? mean : nullptr;
  }

  /// Ascending; none where the mean loses its axes.
  std::vector<std::size_t> axes_of_mean(const Node& mean) const {
    std::vector<std::size_t> axes;
    if (mean.integer("keepdims", 1) == 0) return axes;
    for (const std::int64_t axis : values_.setting(mean, 1, "axes")) {
      axes.push_back(axis_of(axis, values_.input_dims(mean, 0).size(), mean.place));
    }
    std::sort(axes.begin(), axes.end());
    return axes;
  }
  bool is_number(const std::string& value) const {
    return values_.is_constant(value) && element_count(values_.dims(value), value) == 1;
  }
  float number(const std::string& value) const { return values_.constant(value).floats().at(0); }

  bool nothing_else_reads(const Node& last) const {
    return std::all_of(parts_.begin(), parts_.end(), [&](const Node* part) {
      const auto readers = readers_.find(part->outputs[0]);
      return results_.count(part->outputs[0]) == 0 && readers != readers_.end() &&
             std::all_of(readers->second.begin(), readers->second.end(), [&](const Node* reader) {
               return reader == &last || parts_.count(reader) > 0;
             });
    });
  }

  const Values& values_;
  std::map<std::string, const Node*> makers_;
  std::map<std::string, std::set<const Node*>> readers_;
  std::set<std::string> results_;
  std::set<const Node*> parts_;
};

}  // namespace

WrittenOutNorms written_out_norms(const Graph& graph, const Values& values) {
  Matcher matcher(graph, values);
  WrittenOutNorms found;
  for (const Node& node : graph.nodes()) {
    const std::optional<WrittenOutNorm> norm = matcher.match(node);
    if (!norm) continue;
    found.norms[&node] = *norm;
    found.parts.insert(matcher.parts().begin(), matcher.parts().end());
  }
  return found;
}

}  // namespace brownout::importing
