// SPDX-License-Identifier: Apache-2.0
// Full batches, then the rest.
#include "sim/engines/systemc_engine.hpp"

#include <chrono>

#include "sim/accelerator/kernel_host.hpp"
#include "sim/base/error.hpp"

namespace brownout::engines {

namespace {

void add(ImagesResult& total, accelerator::RunResult run) {
  total.layers.resize(run.layers.size());
  for (std::size_t i = 0; i < run.layers.size(); ++i) total.layers[i] += run.layers[i];
  for (accelerator::Span& span : run.spans) {
    span.begin += total.cycles;
    span.end += total.cycles;
    total.spans.push_back(span);
  }
  total.spans_cut = total.spans_cut || run.spans_cut;
  total.cycles += run.cycles;
  total.input_wait_cycles += run.input_wait_cycles;
  total.bits_wrong += run.bits_wrong;
}

}  // namespace

SystemcEngine::SystemcEngine(std::shared_ptr<accelerator::KernelHost> host,
                             const network::SharedNetwork& network,
                             const mapping::AcceleratorConfig& accelerator, int batch,
                             std::uint64_t bit_offset, const std::string& where,
                             std::shared_ptr<accelerator::ArrayModel> array)
    : SystemcEngine(std::move(host), network,
                    std::make_shared<Programs>(network, accelerator, batch, bit_offset, where),
                    where, std::move(array)) {}

SystemcEngine::SystemcEngine(std::shared_ptr<accelerator::KernelHost> host,
                             network::SharedNetwork network, std::shared_ptr<Programs> programs,
                             const std::string& where,
                             std::shared_ptr<accelerator::ArrayModel> array)
    : host_(std::move(host)),
      network_(std::move(network)),
      shapes_(network::check(*network_, where)),
      programs_(std::move(programs)),
      array_(std::move(array)) {}

std::string SystemcEngine::name() const {
  return array_->name() == "behavioural" ? "systemc" : array_->name();
}

void SystemcEngine::set_codes(const network::Codes&) { faults_ = {}; }

void SystemcEngine::set_chip(const network::Codes&, const memory::WordFaultLists& faults,
                             const memory::Draws& draws) {
  faults_ = faults;
  draws_ = draws;
}

void SystemcEngine::run(const std::uint8_t* pixels, std::int64_t first, int count, float* logits,
                        int worker) {
  BROWNOUT_CHECK(worker == 0, "worker {}", worker);
  const int batch = programs_->full().batch;
  BROWNOUT_CHECK(first == 0 || (first % batch == 0 && count < batch), "{} images from {} on", count,
                 first);
  result_ = simulate(pixels, first, count, logits);
  bits_wrong_ += result_.bits_wrong;
}

ImagesResult SystemcEngine::time(std::int64_t images, std::size_t span_limit) {
  span_limit_ = span_limit;
  return simulate(nullptr, 0, images, nullptr);
}

ImagesResult SystemcEngine::simulate(const std::uint8_t* pixels, std::int64_t first,
                                     std::int64_t images, float* logits) {
  ImagesResult total;
  accelerator::KernelHost& model = *host_;
  const std::lock_guard<std::mutex> turn(model.mutex());
  model.set_array(array_);
  const auto start = std::chrono::steady_clock::now();
  const auto part = [&](const std::shared_ptr<const mapping::Program>& program,
                        std::int64_t batches) {
    model.configure(program, network_, shapes_, {pixels != nullptr, span_limit_});
    const std::int64_t done = total.images;
    const memory::Draws draws = draws_.of_batch((first + done) / programs_->full().batch);
    model.set_faults(faults_, draws);
    mapping::MemoryFaults memory_faults = memory_faults_;
    memory_faults.draws.batch = draws.batch;
    model.set_memory_faults(memory_faults);
    add(total, model.run(pixels == nullptr ? nullptr : pixels + done * network_->input.size(),
                         batches, logits == nullptr ? nullptr : logits + done * network_->classes));
    total.images += batches * program->batch;
  };
  const int batch = programs_->full().batch;
  if (images >= batch) part(programs_->shared(), images / batch);
  if (images % batch != 0) part(programs_->remainder(static_cast<int>(images % batch)), 1);
  total.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return total;
}

}  // namespace brownout::engines
