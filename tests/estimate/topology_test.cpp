// SPDX-License-Identifier: Apache-2.0
// Topology files as people write them, with the traps of their format, and networks as layers.
#include "sim/estimate/topology.hpp"

#include <gtest/gtest.h>

#include "sim/base/error.hpp"
#include "tests/network/built_networks.hpp"

namespace brownout::estimate {
namespace {

constexpr char kConvHeader[] =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
    "Strides,\n";

/// "name m n k" of each layer.
std::vector<std::string> summary(const std::vector<MatrixLayer>& layers) {
  std::vector<std::string> lines;
  for (const MatrixLayer& layer : layers) {
    lines.push_back(fmt::format("{} {} {} {}", layer.name, layer.m, layer.n, layer.k));
    if (layer.groups != 1) lines.back() += fmt::format(" x{}", layer.groups);
  }
  return lines;
}

std::vector<std::string> parsed(const std::string& text) {
  return summary(parse_topology(text, "t.csv"));
}

std::string message_of(const std::string& text) {
  try {
    parse_topology(text, "t.csv");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

using Lines = std::vector<std::string>;

TEST(Topology, ReadsTheConvolutionForm) {
  EXPECT_EQ(parsed(kConvHeader + std::string("Conv2_1a, 56, 56, 3, 3, 64, 64, 1,\n"
                                             "Conv1, 230, 224, 7, 5, 3, 64, 2,\n")),
            (Lines{"Conv2_1a 2916 64 576", "Conv1 12543 64 105"}));
}

TEST(Topology, CountsALastIncompletePositionOfTheWindow) {
  // ceil((H - f + s)/s): 10 - 3 leaves 7, three strides of 3 less 2.
  EXPECT_EQ(parsed("c, 10, 9, 3, 3, 1, 1, 3,\n"), (Lines{"c 12 1 9"}));
  EXPECT_EQ(parsed("c, 3, 3, 3, 3, 1, 1, 2,\n"), (Lines{"c 1 1 9"}));
}

TEST(Topology, ReadsTwoStrides) {
  EXPECT_EQ(parsed("Layer Name,IFMAP Height,IFMAP Width,Filter Height,Filter Width,Channels,"
                   "Num Filter,Stride Height,Stride Width,\nc,11,11,3,3,2,4,2,1,\n"),
            (Lines{"c 45 4 18"}));
}

TEST(Topology, ReadsTheGemmForm) {
  EXPECT_EQ(parsed("Layer, M, N, K,\nFC, 1, 1000, 512,\nQKT, 128, 64, 32,\n"),
            (Lines{"FC 1 1000 512", "QKT 128 64 32"}));
}

TEST(Topology, TakesLinesAsEditorsAndSpreadsheetsLeaveThem) {
  const Lines expected{"a 1 2 3", "b 4 5 6"};
  EXPECT_EQ(parsed("Layer,M,N,K\na,1,2,3\nb,4,5,6"), expected) << "no comma at the end";
  EXPECT_EQ(parsed("Layer,M,N,K,,,\na,1,2,3,,,\nb,4,5,6,,,\n,,,\n"), expected) << "several";
  EXPECT_EQ(parsed("Layer,M,N,K,\r\na,1,2,3,\r\n\r\nb,4,5,6,\r\n"), expected) << "CRLF";
  EXPECT_EQ(parsed("Layer,M,N,K,\ra,1,2,3,\rb,4,5,6,\r"), expected) << "CR";
  EXPECT_EQ(parsed("\xef\xbb\xbfLayer,M,N,K,\na,1,2,3,\nb,4,5,6,\n"), expected) << "BOM";
  EXPECT_EQ(parsed("\n  \n# made by hand\nLayer , m,\tN ,K ,\n a ,\t1 , 2,3 , \n// next\nb,4,5,6"),
            expected)
      << "blanks and comments";
  EXPECT_EQ(parsed("\"a\", \"1\" ,2,3,\n b,4,5,6,\n"), expected) << "quotes, no header";
  EXPECT_EQ(parsed("Layer,M,N,K,# these\na,1,2,3,#dw\nb,4,5,6, # last\n"), expected) << "remarks";
}

TEST(Topology, AQuotedNameMayHoldCommasAndQuotes) {
  EXPECT_EQ(parsed("Layer,M,N,K,\n\"fc, \"\"last\"\"\",1,2,3,\n"), (Lines{"fc, \"last\" 1 2 3"}));
}

TEST(Topology, DoesNotLoseTheFirstLayerOfAFileWithoutHeader) {
  EXPECT_EQ(parsed("c, 4, 4, 3, 3, 1, 8, 1,\nd, 4, 4, 1, 1, 8, 8, 1,\n"),
            (Lines{"c 4 8 9", "d 16 8 8"}));
}

TEST(Topology, TakesDepthwiseLayersApartAsScaleSimDoes) {
  EXPECT_EQ(parsed("Conv_DP1, 5, 5, 3, 3, 3, 1, 1,\nc, 3, 3, 1, 1, 3, 4, 1,\n"),
            (Lines{"Conv_DP1Channel_0 9 1 9", "Conv_DP1Channel_1 9 1 9", "Conv_DP1Channel_2 9 1 9",
                   "c 9 4 3"}));
  // Wherever the letters are in the name, with all filters for each channel; but not in the GEMM
  // form.
  EXPECT_EQ(parsed("DPlain, 5, 5, 1, 1, 2, 6, 1,\n"),
            (Lines{"DPlainChannel_0 25 6 1", "DPlainChannel_1 25 6 1"}));
  EXPECT_EQ(parsed("DP, 4, 5, 6,\n"), (Lines{"DP 4 5 6"}));
}

TEST(Topology, NotesSparsityAndCountsDenseLayers) {
  EXPECT_EQ(parsed(kConvHeader + std::string("c, 4, 4, 3, 3, 1, 8, 1, 1:1,\n")),
            (Lines{"c 4 8 9"}));
  EXPECT_EQ(parsed("Layer,M,N,K,Sparsity,\ng,1,2,3,4:4,\n"), (Lines{"g 1 2 3"}));
  EXPECT_EQ(parse_topology("g,1,2,3,4:4,\n", "t.csv")[0].sparsity, "");
  const std::vector<MatrixLayer> layers =
      parse_topology(kConvHeader + std::string("c, 4, 4, 3, 3, 1, 8, 1, 2:4,\nd, 4, 4, 3, 3, 1, 8, "
                                               "1, 1 : 4,\ne, 4, 4, 3, 3, 1, 8, 1, 1:1,\n"),
                     "t.csv");
  EXPECT_EQ(summary(layers), (Lines{"c 4 8 9", "d 4 8 9", "e 4 8 9"}));
  EXPECT_EQ(layers[0].sparsity, "2:4");
  EXPECT_EQ(layers[1].sparsity, "1:4");
  EXPECT_EQ(layers[2].sparsity, "");
  for (const char* cell : {"x:4", "2:", ":", "0:4", "2:4:8", "2:x"}) {
    EXPECT_NE(
        message_of(fmt::format("g,1,2,3,{},\n", cell)).find("t.csv:1: sparsity: expected N:M"),
        std::string::npos)
        << cell;
  }
  EXPECT_NE(message_of("g,1,2,3,5:4,\n").find("at most as many values"), std::string::npos);
}

TEST(Topology, ReadsOverHeadingsAndOtherColumns) {
  EXPECT_EQ(parsed(kConvHeader + std::string("AlphaGoZero,\nc, 19, 19, 3, 3, 17, 256, 1,\nnext\n")),
            (Lines{"c 289 256 153"}));
  EXPECT_EQ(parsed("Block 1,\nLayer,M,N,K,\na,1,2,3,\nBlock 2,\nLayer,M,N,K,\nb,4,5,6,\n"),
            (Lines{"a 1 2 3", "b 4 5 6"}));
  EXPECT_EQ(
      parsed("Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num "
             "Filter, Strides,,,Eh,Ew,e2\n,,,,,,,,,,,\nConv1,224,224,7,7,3,64,2,,,110,110,12100\n"),
      (Lines{"Conv1 12100 64 147"}));
  EXPECT_EQ(parsed("Layer,M,N,K,Comment\na,1,2,3,slow\nb,4,5,6\n"), (Lines{"a 1 2 3", "b 4 5 6"}));
  // A second stride is still one, and sparsity is found by the name of its column.
  EXPECT_EQ(parsed("Layer Name,IFMAP Height,IFMAP Width,Filter Height,Filter Width,Channels,Num "
                   "Filter,Stride Height,Stride Width,Note\nc,11,11,3,3,2,4,2,1,x\n"),
            (Lines{"c 45 4 18"}));
  const auto layers = parse_topology("Layer,M,N,K,Sparsity,Note\na,1,2,3,2:4,x\n", "t.csv");
  EXPECT_EQ(summary(layers), (Lines{"a 1 2 3"}));
  EXPECT_EQ(layers[0].sparsity, "2:4");
}

TEST(Topology, ReadsTabsSemicolonsAndUtf16) {
  const Lines expected{"a 1 2 3", "b 4 5 6"};
  EXPECT_EQ(parsed("Layer\t M\tN\tK\t\na\t1\t2\t3\t\nb\t4\t5\t6\n"), expected);
  EXPECT_EQ(parsed("# made; by hand\nLayer;M;N;K;\na;1;2;3;\nb;4;5;6\n"), expected);
  const std::string text = "Layer,M,N,K,\na,1,2,3,\nb,4,5,6,\n";
  for (const bool little : {true, false}) {
    std::string wide = little ? "\xff\xfe" : "\xfe\xff";
    for (const char c : text) wide += little ? std::string{c, '\0'} : std::string{'\0', c};
    EXPECT_EQ(parsed(wide), expected);
    EXPECT_EQ(message_of(wide + "x"), "t.csv: UTF-16 text that is damaged or cut short");
  }
  for (const bool little : {true, false}) {
    std::string unmarked;
    for (const char c : text) unmarked += little ? std::string{c, '\0'} : std::string{'\0', c};
    EXPECT_EQ(message_of(unmarked),
              "t.csv: looks like UTF-16 (every second byte is 0); expected UTF-8, or UTF-16 with a "
              "byte order mark");
  }
  const std::string pair(
      "\xff\xfe"
      "\x3d\xd8\x00\xde,\0"
      "1\0,\0"
      "2\0,\0"
      "3\0",
      18);  // U+1F600
  EXPECT_EQ(parsed(pair), (Lines{"\xf0\x9f\x98\x80 1 2 3"}));
  EXPECT_EQ(message_of(pair.substr(0, 4)), "t.csv: UTF-16 text that is damaged or cut short");
}

TEST(Topology, MessagesAreWholeWhateverTheCells) {
  EXPECT_EQ(message_of(std::string("Layer,M,N,K,\nA,1\0"
                                   "00,8,8,\n",
                                   25)),
            "t.csv:2: M: expected an integer in [1, 2147483647], got \"1\\x0000\"");
  EXPECT_EQ(message_of("A\x1b[31m,5, 5, 6, 3, 1, 1, 1,\n"),
            "t.csv:1: A\\x1b[31m: expected a filter height of at most the IFMAP's 5, got 6");
}

TEST(Topology, RemembersTheLine) {
  EXPECT_EQ(parse_topology("Layer,M,N,K,\n\n# c\ng,1,2,3,\n", "dir/t.csv")[0].where, "dir/t.csv:4");
}

TEST(Topology, RefusesWrongFilesWithLineAndColumn) {
  const struct {
    std::string text;
    const char* expected;
  } cases[] = {
      {"", "t.csv: expected layers, found an empty file"},
      {"\n# only this\n,,,\n", "t.csv: expected layers, found an empty file"},
      {kConvHeader, "t.csv: expected layers below the header, found none"},
      {"c, 5, 5, 6, 3, 1, 1, 1,\n",
       "t.csv:1: c: expected a filter height of at most the IFMAP's "
       "5, got 6"},
      {"c, 5, 5, 3, 7, 1, 1, 1,\n", "t.csv:1: c: expected a filter width of at most"},
      {kConvHeader + std::string("\nc, 5, 5, 3, 3, 0, 1, 1,\n"),
       "t.csv:3: Channels: expected an integer in [1, 2147483647], got \"0\""},
      {"c, 5, 5, 3, 3, 1, 1, 0,\n", "t.csv:1: Strides: expected an integer"},
      {"c, 5, 5, 3, 3, 1, 1, 1, -1,\n", "t.csv:1: second stride: expected an integer"},
      {"c, -5, 5, 3, 3, 1, 1, 1,\n",
       "t.csv:1: IFMAP Height: expected an integer in [1, "
       "2147483647], got \"-5\""},
      {"c, 5, 5.0, 3, 3, 1, 1, 1,\n", "t.csv:1: IFMAP Width: expected an integer"},
      {"c, 5, 5, 3, 3, #1, 1, 1,\n", "t.csv:1: Channels: expected an integer"},
      {"g, 1, 2, #3,\n", "t.csv:1: K: expected an integer"},
      {"c, 5, 5, 3, 3, x, 1, 1,\n", "t.csv:1: Channels: expected an integer"},
      {"c, 5, 5, 3, , 1, 1, 1,\n",
       "t.csv:1: Filter Width: expected an integer in [1, 2147483647], "
       "got \"\""},
      {"c, 99999999999999999999, 5, 3, 3, 1, 1, 1,\n", "t.csv:1: IFMAP Height"},
      {"c, 2147483647, 2147483647, 1, 1, 2147483647, 1, 1,\n",
       "t.csv:1: c: expected at most 2^62 multiply-adds"},
      {"c, 2000000000, 2000000000, 2000000000, 2000000000, 2000000000, 1, 1,\n",
       "t.csv:1: c: expected at most 2^62 multiply-adds"},
      {"g, 2147483647, 2147483647, 2147483647,\n",
       "t.csv:1: g: expected at most 2^62 multiply-adds"},
      {"c, 5, 5, 3, 3, 1, 1,\n", "t.csv:1: expected 8 cells (Layer name, "},
      {"c, 5, 5, 3, 3, 1, 1, 1, 1, 1,\n", "or 9 (two strides), got 10"},
      {"Layer,M,N,K,\ng,1,2,\n", "t.csv:2: expected 4 cells (Layer, M, N, K), got 3"},
      {"Layer,M,N,K,\nc, 5, 5, 3, 3, 1, 1, 1,\n", "t.csv:2: expected 4 cells"},
      {"Layer,M,K,N,\ng,1,2,3,\n", "t.csv:1: expected the header \"Layer, M, N, K\" or"},
      {"Layer,M,N,\ng,1,2,\n", "t.csv:1: expected the header"},
      {", 5, 5, 3, 3, 1, 1, 1,\n", "t.csv:1: Layer name: expected a text"},
      {"\"c, 1, 2, 3,\n", "t.csv:1: expected a closing quote"},
      {"\"c\"d, 1, 2, 3,\n", "t.csv:1: expected a separator behind the quoted cell, got \"d\""},
      {"c_DP, 5, 5, 3, 3, 2000000, 1, 1,\n", "t.csv:1: expected fewer than 1000000 layers"},
      {"just words\n",
       "t.csv: expected layers, cells with commas, tabs or semicolons between them"},
  };
  for (const auto& c : cases) {
    const std::string message = message_of(c.text);
    EXPECT_NE(message.find(c.expected), std::string::npos) << c.text << "gives " << message;
  }
  EXPECT_THROW(read_topology("/nowhere/t.csv"), InputError);
}

TEST(Topology, ANetworkGivesItsMatrixOperatorsWithPaddingAndGroups) {
  const network::Coding coding{network::Scheme::kRquant, 8, 0.003f, -0.02f};
  network::Builder builder({6, 10, 7}, 5);
  builder.add(network::Quantize{0.01f, 3});
  network::Conv2d conv;
  conv.weight = builder.parameter(network::Role::kWeight, {8, 6, 3, 3}, coding);
  conv.out_channels = 8;
  conv.kernel = {3, 3};
  conv.stride = {2, 1};
  conv.pads = {1, 1, 0, 1};
  builder.add(conv);
  builder.add(network::Quantize{0.1f, 0});
  network::Conv2d grouped;
  grouped.weight = builder.parameter(network::Role::kWeight, {16, 2, 1, 2}, coding);
  grouped.out_channels = 16;
  grouped.groups = 4;
  grouped.kernel = {1, 2};
  builder.add(grouped);
  builder.add(network::Quantize{0.1f, 0});
  builder.add(network::Flatten{});
  network::Linear linear;
  linear.weight = builder.parameter(network::Role::kWeight, {5, 16 * 5 * 6}, coding);
  linear.out_features = 5;
  builder.add(linear);
  // Heights (10 + 1 - 3)/2 + 1 = 5; widths 7 + 2 - 3 + 1 = 7, then 6.
  EXPECT_EQ(summary(matrix_layers(builder.network(), "net.onnx")),
            (Lines{"n1 35 8 54", "n3 30 4 4 x4", "n6 1 5 480"}));
}

}  // namespace
}  // namespace brownout::estimate
