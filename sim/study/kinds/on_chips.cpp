// SPDX-License-Identifier: Apache-2.0
// Rows of the result store around runs::Evaluator.
#include "sim/study/kinds/on_chips.hpp"

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/engines/engine_traits.hpp"
#include "sim/results/point.hpp"
#include "sim/results/records.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout::study {

namespace {

constexpr std::int64_t kMostBits = std::int64_t{1} << 53;

}  // namespace

OnChips::OnChips(const experiment::Model& model, const Setting& setting, const Bench& bench,
                 int statistics_batch, weights::Selection selection)
    : model_(model),
      setting_(setting),
      bench_(bench),
      images_(bench.datasets.images(setting)),
      setup_(setting.setup) {
  expect_fits(model, *images_.data);
  setup_.reads.selection = std::move(selection);
  setup_.batch_statistics = statistics_batch > 0;
  if (setup_.batch_statistics) setup_.target.batch = statistics_batch;
}

OnChips::~OnChips() = default;

double OnChips::error(const results::WrongImages& wrong) const {
  return results::percent(results::count(wrong), images_.count);
}

runs::Evaluator& OnChips::evaluator() {
  if (!evaluator_) {
    runs::EvaluatorOptions options;
    options.threads = bench_.threads;
    options.reuse = true;
    target_.emplace(model_, setup_.target);
    evaluator_ = std::make_unique<runs::Evaluator>(model_, images_, setup_, *target_, options);
  }
  return *evaluator_;
}

const results::CleanResult& OnChips::clean() {
  if (clean_) return *clean_;
  Json key = base_key(model_, setting_, bench_);
  key["pattern"] = "clean";
  if (setup_.batch_statistics) key["statistics_batch"] = setup_.target.batch;
  const std::string hash = sha256_hex(json_text(key));
  clean_ = results::find_clean(bench_.store, hash, images_.count);
  if (!clean_) {
    clean_ = on_network([&] { return evaluator().clean(); });
    results::add_clean(bench_.store, hash, model_.name, *clean_);
  }
  bench_.tick(fmt::format("{}, clean {:.2f} %", model_.name, error(clean_->wrong_images)));
  return *clean_;
}

OnChips::Perturbed OnChips::on(const chips::Chip& chip, const experiment::Conditions& conditions) {
  const chips::OperatingPoint& at = conditions.rail;
  const weights::Selection& selection = setup_.reads.selection;
  Json key = base_key(model_, setting_, bench_);
  key["pattern"] = chip.identity();
  results::put_definitions(key);
  key["voltage"] = at.voltage;
  key["rate"] = at.rate;
  if (setup_.batch_statistics) key["statistics_batch"] = setup_.target.batch;
  if (!selection.all()) {
    key["layers"] = selection.layers;
    key["bits"] = {selection.low_bit, selection.high_bit};
  }
  const StoredRow row = bench_.remember(key, [&]() -> Json {
    const results::ChipResult result = evaluator().on_chip(chip, conditions, clean());
    return {{"model", model_.name},
            {"chip", result.chip},
            {"voltage", at.voltage},
            {"rate", at.rate},
            {"wrong", result.wrong},
            {"wrong_either", result.wrong_either},
            {"wrong_images", results::to_hex(result.wrong_images)},
            {"bits_wrong", result.read.bits_wrong}};
  });
  const JsonObject fields = row.fields();
  Perturbed result{results::wrong_images_of(fields, images_.count), {chip.name()}};
  result.drawn.bits_wrong = fields.integer("bits_wrong", 0, kMostBits);
  if (const auto place = chip.place()) result.drawn.place = place->offset;
  bench_.tick(fmt::format("{} on {}, {:.2f} %", model_.name, chip.name(), error(result.wrong)));
  return result;
}

int read_statistics_batch(YamlMap& map, const Setting& setting) {
  constexpr std::int64_t kBatch = 128;  // as trainings take
  const bool wanted = map.boolean("batch_statistics", false);
  if (wanted && engines::traits_of(setting.setup.engine).on_codes) {
    map.fail("batch_statistics", "batch norms compute with running statistics in engine " +
                                     setting.setup.engine + "; expected engine: float");
  }
  if (!wanted && map.has("batch")) map.fail("batch", "is of batch_statistics: true");
  return wanted ? static_cast<int>(map.integer("batch", 2, runs::kMaxBatch, kBatch)) : 0;
}

}  // namespace brownout::study
