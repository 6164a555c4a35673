// SPDX-License-Identifier: Apache-2.0
// Operators on constants against values computed by hand.
#include "sim/import/fold.hpp"

#include <gmock/gmock.h>

#include "sim/base/error.hpp"
#include "tests/import/graph_builder.hpp"

namespace brownout::importing {
namespace {

using testing::HasSubstr;
using Integers = std::vector<std::int64_t>;

Node node(const std::string& op, std::map<std::string, Attribute> attributes = {}) {
  Node node;
  node.op = op;
  node.place = "test";
  node.outputs = {"y"};
  node.attributes = std::move(attributes);
  return node;
}

Tensor folded(const Node& node, const std::vector<Tensor>& inputs) {
  std::vector<const Tensor*> pointers;
  for (const Tensor& tensor : inputs) pointers.push_back(&tensor);
  return fold(node, pointers).value();
}

/// 0, 1, 2, ...
Tensor counting(const Dims& dims) {
  Integers data(static_cast<std::size_t>(element_count(dims, "test")));
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::int64_t>(i);
  return integer_tensor(dims, data);
}

TEST(Fold, ElementsRepeatAlongMissingAndSingleAxes) {
  const Tensor sum = folded(node("Add"), {counting({2, 1, 3}), integer_tensor({2, 1}, {10, 20})});
  EXPECT_EQ(sum.dims, (Dims{2, 2, 3}));
  EXPECT_EQ(sum.integers(), (Integers{10, 11, 12, 20, 21, 22, 13, 14, 15, 23, 24, 25}));
  EXPECT_THAT(message_of([] {
                folded(node("Mul"), {counting({2}), counting({3})});
              }),
              HasSubstr("shapes [2] and [3] do not fit each other"));
}

TEST(Fold, IntegersDivideTowardsZeroAndNotByIt) {
  const Tensor quotient = folded(node("Div"), {integer_tensor({7, -7}), integer_tensor({2, 2})});
  EXPECT_EQ(quotient.integers(), (Integers{3, -3}));
  EXPECT_THAT(message_of([] {
                folded(node("Div"), {counting({1}), integer_tensor({0})});
              }),
              HasSubstr("divides 0 by 0"));
}

TEST(Fold, AFloatBesideAnIntegerGivesFloats) {
  const Tensor product =
      folded(node("Mul"), {float_tensor({2}, {0.5f, 1.5f}), integer_tensor({4, 2})});
  EXPECT_EQ(product.floats(), (std::vector<float>{2.0f, 3.0f}));
}

TEST(Fold, SlicesCountFromBothEndsAndBackwards) {
  const auto slice = [](Integers starts, Integers ends, Integers axes, Integers steps) {
    return folded(node("Slice"), {counting({2, 5}), integer_tensor(std::move(starts)),
                                  integer_tensor(std::move(ends)), integer_tensor(std::move(axes)),
                                  integer_tensor(std::move(steps))})
        .integers();
  };
  EXPECT_EQ(slice({1}, {-1}, {1}, {1}), (Integers{1, 2, 3, 6, 7, 8}));
  EXPECT_EQ(slice({0}, {1 << 30}, {1}, {2}), (Integers{0, 2, 4, 5, 7, 9}));
  EXPECT_EQ(slice({-1}, {-(1 << 30)}, {1}, {-2}), (Integers{4, 2, 0, 9, 7, 5}));
  EXPECT_EQ(slice({3}, {2}, {-1}, {1}), Integers{});
}

TEST(Fold, GatherTakesRows) {
  const Tensor rows = folded(node("Gather", {{"axis", std::int64_t{1}}}),
                             {counting({2, 3, 2}), integer_tensor({2}, {-1, 0})});
  EXPECT_EQ(rows.dims, (Dims{2, 2, 2}));
  EXPECT_EQ(rows.integers(), (Integers{4, 5, 0, 1, 10, 11, 6, 7}));
  EXPECT_THAT(message_of([] {
                folded(node("Gather"), {counting({2}), integer_tensor({2})});
              }),
              HasSubstr("index 2 of an axis of 2"));
}

TEST(Fold, TransposeReversesAxesUnlessToldOtherwise) {
  EXPECT_EQ(folded(node("Transpose"), {counting({2, 3})}).integers(), (Integers{0, 3, 1, 4, 2, 5}));
  const Tensor turned =
      folded(node("Transpose", {{"perm", Integers{2, 0, 1}}}), {counting({2, 1, 3})});
  EXPECT_EQ(turned.dims, (Dims{3, 2, 1}));
  EXPECT_EQ(turned.integers(), (Integers{0, 3, 1, 4, 2, 5}));
}

TEST(Fold, ReshapeKeepsAndCompletesExtents) {
  const auto dims = [](const Dims& from, Integers to) {
    return folded(node("Reshape"), {counting(from), integer_tensor(std::move(to))}).dims;
  };
  EXPECT_EQ(dims({2, 3, 4}, {0, -1}), (Dims{2, 12}));
  EXPECT_EQ(dims({2, 3, 4}, {-1}), (Dims{24}));
  for (const Integers& to : {Integers{5, -1}, Integers{-1, -1}, Integers{2, 3}, Integers{-2, 12}})
    EXPECT_THAT(message_of([&] { dims({2, 3, 4}, to); }), HasSubstr("cannot become")) << to[0];
}

TEST(Fold, AxesComeAndGo) {
  EXPECT_EQ(folded(node("Unsqueeze"), {counting({3}), integer_tensor({0, -1})}).dims,
            (Dims{1, 3, 1}));
  EXPECT_EQ(folded(node("Squeeze", {{"axes", Integers{0}}}), {counting({1, 3, 1})}).dims,
            (Dims{3, 1}));
  EXPECT_EQ(folded(node("Squeeze"), {counting({1, 3, 1})}).dims, (Dims{3}));
  EXPECT_THAT(message_of([] {
                folded(node("Squeeze"), {counting({3}), integer_tensor({0})});
              }),
              HasSubstr("is not 1"));
}

TEST(Fold, DequantizesPerTensorAndAlongAnAxis) {
  Tensor q;
  q.dims = {2, 2};
  q.data = std::vector<std::int8_t>{-128, 0, 1, 127};
  const Node along = node("DequantizeLinear", {{"axis", std::int64_t{0}}});
  EXPECT_EQ(folded(along, {q, float_tensor({}, {0.5f})}).floats(),
            (std::vector<float>{-64.0f, 0.0f, 0.5f, 63.5f}));
  EXPECT_EQ(folded(along, {q, float_tensor({2}, {0.5f, 2.0f}), integer_tensor({0, 1})}).floats(),
            (std::vector<float>{-64.0f, 0.0f, 0.0f, 252.0f}));
  EXPECT_THAT(message_of([&] {
                folded(along, {q, float_tensor({3}, {1.0f, 1.0f, 1.0f})});
              }),
              HasSubstr("3 scales for an axis of 2"));
}

TEST(Fold, CastsTruncate) {
  EXPECT_EQ(folded(node("Cast", {{"to", std::int64_t{7}}}), {float_tensor({2}, {2.7f, -2.7f})})
                .integers(),
            (Integers{2, -2}));
}

TEST(Fold, OthersAreNotFolded) { EXPECT_FALSE(fold(node("Softmax"), {}).has_value()); }

}  // namespace
}  // namespace brownout::importing
