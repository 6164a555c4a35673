// SPDX-License-Identifier: Apache-2.0
// A first pass over the events decides whether a second one builds the document.
#include "sim/base/yaml_document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <sstream>

#include "sim/base/text.hpp"
#include "sim/base/utf8.hpp"

namespace brownout {

namespace {

constexpr int kMaxDocuments = 1000;
constexpr int kMostBracketsALine = 65'536;

class Watch : public YAML::EventHandler {
 public:
  int documents() const { return documents_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // The parser did not consume its present input, and would start documents there for ever.
    if (documents_ > 0 && mark.pos <= last_start_) {
      throw YamlProblem(mark, "not valid YAML: nothing that a document can begin with");
    }
    last_start_ = mark.pos;
    if (++documents_ > kMaxDocuments) {
      throw YamlProblem(mark, fmt::format("holds more than {} documents", kMaxDocuments));
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { count(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { count(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string&) override {
    count(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void count(const YAML::Mark& mark) {
    if (++values_ <= kMaxYamlValues) return;
    throw YamlProblem(mark, fmt::format("holds more than {} values", kMaxYamlValues));
  }
  void open(const YAML::Mark& mark) {
    count(mark);
    if (++depth_ <= kMaxYamlDepth) return;
    throw YamlProblem(mark, fmt::format("nested deeper than {} levels", kMaxYamlDepth));
  }
  int documents_ = 0, depth_ = 0, values_ = 0;
  int last_start_ = -1;
};

void check_utf8(std::string_view text) {
  const std::size_t valid = utf8_length(text);
  if (valid == text.size()) return;
  YAML::Mark mark;
  mark.pos = mark.line = mark.column = 0;
  for (const char c : text.substr(0, valid)) {
    mark.column = c == '\n' ? 0 : mark.column + 1;
    if (c == '\n') ++mark.line;
  }
  throw YamlProblem(mark, fmt::format("expected text in UTF-8, found the byte {}",
                                      in_quotes(text.substr(valid, 1))));
}

}  // namespace

namespace {

/// yaml-cpp reads a whole line before it reports the first bracket in it, and remembers every
/// bracket.
void check_brackets(const std::string& text) {
  YAML::Mark mark;
  int brackets = 0;
  for (const char c : text) {
    ++mark.pos;
    ++mark.column;
    if (c == '\n') {
      ++mark.line;
      mark.column = brackets = 0;
    }
    if ((c == '[' || c == '{') && ++brackets > kMostBracketsALine) {
      throw YamlProblem(
          mark, fmt::format("more than {} opening brackets in one line", kMostBracketsALine));
    }
  }
}

}  // namespace

std::vector<YAML::Node> load_documents(const std::string& text) {
  check_utf8(text);
  check_brackets(text);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    Watch watch;
    while (parser.HandleNextDocument(watch)) {
    }
    std::vector<YAML::Node> documents(watch.documents());
    if (documents.size() == 1) documents[0] = YAML::Load(text);
    return documents;
  } catch (const YAML::Exception& error) {
    // yaml-cpp's message about nesting beyond its own limit. It names no file that the user could
    // know.
    if (error.msg == YAML::ErrorMsg::BAD_FILE) {
      throw YamlProblem(error.mark, fmt::format("nested deeper than {} levels", kMaxYamlDepth));
    }
    throw YamlProblem(error.mark, "not valid YAML: " + error.msg);
  }
}

}  // namespace brownout
