// SPDX-License-Identifier: Apache-2.0
// All randomness is counted by (seed, step or epoch), so a checkpoint needs no generator state.
#include "trainers/method/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/progress.hpp"
#include "trainers/kernels/choice.hpp"
#include "trainers/method/initialization.hpp"
#include "trainers/method/schedule.hpp"
#include "trainers/torch/threads.hpp"

namespace brownout::trainers {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double percent(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Trainer::Trainer(const TrainingConfig& config, const Architecture& architecture,
                 const data::Dataset& train, const data::Dataset& test, const std::string& device,
                 int threads)
    : config_(config),
      architecture_(architecture),
      train_(train),
      test_(test),
      transform_(architecture.transform ? *architecture.transform
                 : config.whitening     ? measure_transform(train)
                                        : plain_transform(train)),
      train_reader_(train, transform_),
      test_reader_(test, transform_),
      coder_(architecture.parameters, config.coding),
      optimizer_(config.optimizer, coder_.size() + (config.loss.learn_scale ? 1 : 0)),
      pass_(architecture, device, threads),
      threads_(threads),
      batches_(train, train_reader_, config.augmentation, measure_transform(train).mean,
               config.schedule.batch, config.seed) {
  const std::int64_t steps_per_epoch = train.size() / config.schedule.batch;
  if (steps_per_epoch == 0) {
    throw InputError("{}: {} images do not fill a batch of {}", config.schedule.batch_origin,
                     train.size(), config.schedule.batch);
  }
  length_ = training_length(config.schedule, static_cast<std::uint64_t>(steps_per_epoch));
  if (!(test.shape == train.shape) || test.classes != train.classes) {
    const auto text = [](const data::Dataset& data) {
      return fmt::format("{}x{}x{} (channels x height x width) with {} classes",
                         data.shape.channels, data.shape.height, data.shape.width, data.classes);
    };
    throw InputError("{}: dataset: test images are {}, expected {} as the training images",
                     config.file.string(), text(test), text(train));
  }
  loader_.emplace([this](std::uint64_t step, Batch& batch) { batches_.read(step, batch); },
                  total_steps());
  const std::size_t size =
      static_cast<std::size_t>(coder_.size()) + (config.loss.learn_scale ? 1 : 0);
  decoded_.resize(size);
  gradient_.resize(size);
  perturbed_gradient_.resize(config.errors.active() ? size : 0);
  if (!config.errors.pattern.empty()) {
    pattern_.emplace(config.errors, architecture.parameters, config.coding);
  }
  state_.config = identity(config);
  state_.epochs = length_.epochs();
  state_.surroundings = {
      {config.initial ? "initial_sha256" : "architecture_sha256", architecture.sha256},
      {"data_sha256", sha256_hex(data::dataset_sha256(train) + " " + data::dataset_sha256(test))},
      {"calibration_images", std::to_string(config.calibration_images)},
      // The last bits of sums depend on these.
      {"threads", std::to_string(threads)},
      {"device", pass_.device()},
      {"blas", blas_in_use().name},
      {"kernels", own_kernels() ? "own" : "libtorch"},
  };
  if (pattern_) state_.surroundings["pattern_sha256"] = pattern_->sha256();
  state_.weights.resize(size);
  if (config.initial) {
    auto to = state_.weights.begin();
    for (const network::Parameter& p : architecture.parameters) {
      to = std::copy(p.values.begin(), p.values.end(), to);
    }
  } else {
    initialize_weights(config.initialization, architecture, coder_.spans(), config.seed,
                       state_.weights.data());
  }
  if (config.loss.learn_scale) state_.weights.back() = static_cast<float>(config.loss.logit_scale);
  for (const network::Node& node : architecture.nodes) {
    if (const auto* op = std::get_if<network::BatchNorm>(&node.op)) {
      state_.statistics.insert(state_.statistics.end(), op->mean.begin(), op->mean.end());
      state_.statistics.insert(state_.statistics.end(), op->variance.begin(), op->variance.end());
    }
  }
}

void Trainer::resume(Checkpoint checkpoint, const std::string& file) {
  const std::string differs = difference(checkpoint, state_);
  if (!differs.empty()) {
    throw InputError("{}: this checkpoint belongs to another training: {}", file, differs);
  }
  if (checkpoint.weights.size() != state_.weights.size() ||
      checkpoint.statistics.size() != state_.statistics.size() ||
      checkpoint.optimizer.size() != optimizer_.state().size()) {
    throw InputError(
        "{}: this checkpoint belongs to another architecture: it holds {} weights, expected {}",
        file, checkpoint.weights.size(), state_.weights.size());
  }
  checkpoint.surroundings = std::move(state_.surroundings);
  checkpoint.epochs = state_.epochs;
  checkpoint.assignments = std::move(state_.assignments);
  optimizer_.state() = std::move(checkpoint.optimizer);
  state_ = std::move(checkpoint);
  state_.optimizer.clear();
  saved_step_ = state_.step;
}

void Trainer::clip_weights() {
  const double limit = clipping_limit(config_, state_.step, total_steps());
  if (limit > 0.0) coder_.clip(static_cast<float>(limit), state_.weights.data());
}

void Trainer::quantize_now() {
  clip_weights();
  coder_.quantize(state_.weights.data(), decoded_.data());
  if (config_.loss.learn_scale) decoded_.back() = state_.weights.back();
}

void Trainer::read_weights() {
  if (!config_.coding.after_training) {
    quantize_now();
    return;
  }
  clip_weights();
  coder_.require_finite(state_.weights.data());
  decoded_ = state_.weights;
}

std::int64_t Trainer::inject_errors() {
  if (pattern_) return pattern_->inject(coder_, state_.step, decoded_.data());
  return coder_.inject(config_.seed, state_.step,
                       bit_error_rate(config_, state_.step, total_steps()), decoded_.data());
}

PassResult Trainer::perturbed_pass(const Batch& batch, StepResult& result) {
  result.flipped_bits = inject_errors();
  const PassResult perturbed =
      pass_.train(config_.loss, decoded_.data(), batch.images.data(), batch.labels.data(),
                  config_.schedule.batch, perturbed_gradient_.data(), state_.statistics, false);
  require_finite(perturbed.loss);
  result.perturbed_loss = perturbed.loss;
  return perturbed;
}

void Trainer::require_finite(double loss) const {
  if (std::isfinite(loss)) return;
  throw RunError("the training diverged: the loss of step {} (epoch {}) is {}", state_.step + 1,
                 state_.step / length_.steps_per_epoch + 1,
                 std::isnan(loss) ? "no number" : "infinite");
}

void Trainer::update(const std::vector<float>& gradient) {
  optimizer_.update(state_.updates, learning_rate(config_, state_.step, length_), gradient.data(),
                    state_.weights.data());
  ++state_.updates;
  // Below 0 the scaled logits would order the classes the other way round, and the exported ones,
  // which have no scale, would not.
  const auto start = static_cast<float>(config_.loss.logit_scale);
  if (config_.loss.learn_scale && state_.weights.back() < start) state_.weights.back() = start;
}

StepResult Trainer::step() {
  const Batch& batch = loader_->get(state_.step);
  StepResult result;
  read_weights();
  result.clean =
      pass_.train(config_.loss, decoded_.data(), batch.images.data(), batch.labels.data(),
                  config_.schedule.batch, gradient_.data(), state_.statistics, true);
  require_finite(result.clean.loss);
  const BitErrorChoice& errors = config_.errors;
  const bool alternating = errors.variant == BitErrorChoice::Variant::kAlternating;
  result.injected = errors.active() && state_.inject;
  if (result.injected && !alternating) {
    perturbed_pass(batch, result);
    combine_gradients(errors, static_cast<std::int64_t>(gradient_.size()),
                      perturbed_gradient_.data(), gradient_.data());
  }
  update(gradient_);
  if (result.injected && alternating) {
    // A separate update, on the codes that the clean update left.
    read_weights();
    perturbed_pass(batch, result);
    clamp_gradient(errors, static_cast<std::int64_t>(gradient_.size()), perturbed_gradient_.data());
    update(perturbed_gradient_);
    coder_.project(state_.weights.data());
  }
  // The gate acts on the next batch.
  if (errors.published_gate) {
    const double mean = (result.clean.loss + result.perturbed_loss) / 2.0;
    state_.inject = result.clean.loss < 1.15 * errors.start_loss && mean <= errors.start_loss;
  } else {
    state_.inject = state_.inject || result.clean.loss < errors.start_loss;
  }
  ++state_.step;
  return result;
}

double Trainer::test_error(std::int64_t images, const std::vector<network::Quantize>* quantizers) {
  quantize_now();
  return *measure_error(images, quantizers, nullptr);
}

std::optional<double> Trainer::measure_error(std::int64_t images,
                                             const std::vector<network::Quantize>* quantizers,
                                             const volatile std::sig_atomic_t* stop) {
  constexpr int kBatch = 250;
  std::vector<std::int32_t> order(static_cast<std::size_t>(images));
  std::iota(order.begin(), order.end(), 0);
  std::vector<float> pixels(static_cast<std::size_t>(kBatch * test_.shape.size()));
  data::Labels labels(kBatch);
  std::vector<float> logits(static_cast<std::size_t>(kBatch * architecture_.classes));
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < images; i += kBatch) {
    if (stop != nullptr && *stop != 0) return std::nullopt;
    const int count = static_cast<int>(std::min<std::int64_t>(kBatch, images - i));
    test_reader_.read(order.data() + i, count, pixels.data(), labels.data());
    pass_.infer(decoded_.data(), state_.statistics, pixels.data(), count, logits.data(),
                quantizers);
    for (int k = 0; k < count; ++k) {
      const float* row = logits.data() + k * architecture_.classes;
      wrong += std::max_element(row, row + architecture_.classes) - row !=
               labels[static_cast<std::size_t>(k)];
    }
  }
  return percent(wrong, images);
}

void Trainer::save(const TrainingFiles& files) {
  if (files.checkpoint.empty()) return;
  coder_.require_finite(state_.weights.data());  // the last good one stays
  Checkpoint checkpoint = state_;
  checkpoint.optimizer = optimizer_.state();
  write_checkpoint(checkpoint, files.checkpoint);
  saved_step_ = state_.step;
}

bool Trainer::finish_epoch(const TrainingFiles& files, const volatile std::sig_atomic_t* stop) {
  EpochSums& sums = state_.sums;
  EpochRecord record;
  record.epoch = static_cast<int>(state_.history.size()) + 1;
  record.batches = sums.batches;
  record.learning_rate = learning_rate(config_, state_.step - 1, length_);
  record.loss = sums.loss / static_cast<double>(std::max<std::int64_t>(sums.batches, 1));
  record.logit_margin =
      sums.logit_margin / static_cast<double>(std::max<std::int64_t>(sums.batches, 1));
  record.train_error = percent(sums.wrong, sums.images);
  record.perturbed_loss =
      sums.perturbed_loss / static_cast<double>(std::max<std::int64_t>(sums.perturbed_batches, 1));
  record.perturbed_share = percent(sums.perturbed_batches, sums.batches) / 100.0;
  record.seconds = sums.seconds;
  record.images_per_s = sums.seconds > 0.0 ? static_cast<double>(sums.images) / sums.seconds : 0.0;
  read_weights();
  const std::optional<double> error = measure_error(test_.size(), nullptr, stop);
  if (!error) return false;
  record.test_error = *error;
  record.wall_time =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  sums = {};
  state_.history.push_back(record);
  save(files);
  if (!files.metrics.empty()) write_file_atomically(files.metrics, metrics_csv(state_.history));
  if (events_) events_->append(record);
  return true;
}

StepResult Trainer::step_or_explain(const TrainingFiles& files) {
  try {
    return step();
  } catch (const RunError& error) {
    const std::string kept = saved_step_ == 0 ? "no checkpoint was written yet"
                                              : fmt::format("{} holds the training after step {}",
                                                            files.checkpoint.string(), saved_step_);
    throw RunError("{}: {}; {}", config_.file.string(), error.what(), kept);
  }
}

bool Trainer::run(const TrainingFiles& files, const volatile std::sig_atomic_t* stop) {
  const std::int64_t total = static_cast<std::int64_t>(total_steps());
  Progress progress("train", total, files.quiet);
  progress.report_to(files.progress);
  std::int64_t done = static_cast<std::int64_t>(state_.step);
  progress.found(done);
  if (!files.events.empty()) events_.emplace(files.events, state_.history);
  // A kill between a checkpoint and the metrics leaves an epoch of the checkpoint out of the
  // metrics.
  if (!files.metrics.empty() && !state_.history.empty()) {
    write_file_atomically(files.metrics, metrics_csv(state_.history));
  }
  // A kill between the last step of an epoch and its test leaves the test still to be done.
  const auto steps_per_epoch = static_cast<std::int64_t>(length_.steps_per_epoch);
  bool begun = false;  // every run makes a step or a test, however soon it is stopped
  while (done < total || static_cast<int>(state_.history.size()) < length_.epochs()) {
    const std::int64_t finished = static_cast<std::int64_t>(state_.history.size() + 1);
    if (done >= std::min(finished * steps_per_epoch, total)) {
      if (!finish_epoch(files, begun ? stop : nullptr)) {
        save(files);
        return false;
      }
      begun = true;
      continue;
    }
    const Clock::time_point start = Clock::now();
    const StepResult result = step_or_explain(files);
    begun = true;
    EpochSums& sums = state_.sums;
    sums.seconds += seconds_since(start);
    ++sums.batches;
    sums.images += config_.schedule.batch;
    sums.wrong += result.clean.wrong;
    sums.loss += result.clean.loss;
    sums.logit_margin += result.clean.logit_margin;
    if (result.injected) {
      ++sums.perturbed_batches;
      sums.perturbed_loss += result.perturbed_loss;
    }
    ++done;
    const double last = state_.history.empty() ? 100.0 : state_.history.back().test_error;
    progress.advance(
        1, fmt::format(
               "epoch {}, loss {:.3f}{}, train error {:.2f} %{}, {:.0f} images/s", finished,
               sums.loss / static_cast<double>(sums.batches),
               sums.perturbed_batches > 0
                   ? fmt::format(" (with errors {:.3f})",
                                 sums.perturbed_loss / static_cast<double>(sums.perturbed_batches))
                   : "",
               percent(sums.wrong, sums.images),
               state_.history.empty() ? "" : fmt::format(", test error {:.2f} %", last),
               static_cast<double>(sums.images) / sums.seconds));
    const bool stopping = stop != nullptr && *stop != 0;
    if (stopping || done % files.checkpoint_steps == 0) save(files);
    if (stopping) return false;
  }
  progress.finish();
  return true;
}

std::string metrics_csv(const std::vector<EpochRecord>& history) {
  std::string csv =
      "epoch,learning_rate,loss,train_error_pct,perturbed_loss,perturbed_share,test_error_pct,"
      "logit_margin,train_seconds,images_per_s\n";
  for (const EpochRecord& r : history) {
    csv += fmt::format("{},{},{:.6f},{:.4f},{:.6f},{:.4f},{:.2f},{:.4f},{:.2f},{:.1f}\n", r.epoch,
                       r.learning_rate, r.loss, r.train_error, r.perturbed_loss, r.perturbed_share,
                       r.test_error, r.logit_margin, r.seconds, r.images_per_s);
  }
  return csv;
}

}  // namespace brownout::trainers
