// SPDX-License-Identifier: Apache-2.0
// Batches that a thread makes ahead equal those that would be made when they are needed.
#include "trainers/data/loader.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "sim/base/error.hpp"
#include "small_training.hpp"
#include "tests/data/formats/tiny_sets.hpp"

namespace brownout::trainers {
namespace {

using namespace std::chrono_literals;

void label_of_step(std::uint64_t step, Batch& batch) {
  batch.labels = {static_cast<std::uint8_t>(step)};
}

TEST(Loader, ReadsTheNextStepWhileThisOneIsUsed) {
  std::atomic<std::uint64_t> begun{0};
  Loader loader(
      [&](std::uint64_t step, Batch& batch) {
        begun = step;
        label_of_step(step, batch);
      },
      6);
  for (std::uint64_t step = 2; step < 6; ++step) {
    const Batch& batch = loader.get(step);
    EXPECT_EQ(batch.labels[0], step);
    while (step < 5 && begun != step + 1) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(begun, std::min<std::uint64_t>(step + 1, 5));  // none beyond the end
    EXPECT_EQ(batch.labels[0], step);
  }
}

TEST(Loader, AnyOrderAndBeyondTheEnd) {
  Loader loader(label_of_step, 5);
  for (const std::uint64_t step : {3, 3, 0, 4, 9, 10, 1}) {
    EXPECT_EQ(loader.get(step).labels[0], step);
  }
}

TEST(Loader, WhatAReadThrowsIsThrownByItsStep) {
  int reads = 0;
  Loader loader(
      [&](std::uint64_t step, Batch& batch) {
        ++reads;
        if (step == 1 && reads < 4) throw InputError("step {} fails", step);
        label_of_step(step, batch);
      },
      9);
  EXPECT_EQ(loader.get(0).labels[0], 0);
  for (int i = 0; i < 2; ++i) {  // again and again, until it works
    try {
      loader.get(1);
      FAIL() << "no error";
    } catch (const InputError& error) {
      EXPECT_STREQ(error.what(), "step 1 fails");
    }
  }
  EXPECT_EQ(loader.get(1).labels[0], 1);
  EXPECT_EQ(loader.get(2).labels[0], 2);
}

TEST(Loader, EndsWhileAReadIsUnderWay) {
  std::atomic<bool> begun{false};
  std::atomic<bool> finished{false};
  {
    Loader loader(
        [&](std::uint64_t step, Batch& batch) {
          if (step == 1) {
            begun = true;
            std::this_thread::sleep_for(50ms);
            finished = true;
          }
          label_of_step(step, batch);
        },
        9);
    loader.get(0);
    while (!begun) std::this_thread::sleep_for(1ms);
  }
  EXPECT_TRUE(finished);  // joined, not abandoned
  Loader unused(label_of_step, 9);
}

TEST(TrainingBatches, AreShuffledAugmentedAndNormalized) {
  const data::Dataset data = striped_images(20, 1);
  const network::InputTransform transform = measure_transform(data);
  const BatchReader reader(data, transform);
  AugmentationChoice augmentation;
  augmentation.crop = 2;
  augmentation.flip = true;
  TrainingBatches batches(data, reader, augmentation, transform.mean, 8, 5);
  Augmenter augmenter(augmentation, data.shape, transform.mean, 5);
  Batch batch;
  for (const std::uint64_t step : {0, 1, 2, 5, 4, 1}) {  // two steps an epoch: 16 of 20 images
    batches.read(step, batch);
    const std::vector<std::int32_t> order = shuffled(20, 5, step / 2);
    ASSERT_EQ(batch.labels.size(), 8u);
    for (std::size_t i = 0; i < 8; ++i) {
      const std::int32_t index = order[step % 2 * 8 + i];
      ASSERT_EQ(batch.labels[i], data.labels[static_cast<std::size_t>(index)]);
      const std::uint8_t* image = augmenter.apply(data.image(index), step / 2, index);
      for (std::size_t p = 0; p < 64; ++p) {
        ASSERT_EQ(batch.images[i * 64 + p],
                  static_cast<float>((image[p] / 255.0 - static_cast<double>(transform.mean[0])) /
                                     static_cast<double>(transform.std[0])));
      }
    }
  }
}

TEST(AugmentedTraining, IsTheSameAfterAResumeAndWithMoreThreads) {
  // small_config's dataset block, augmented.
  TrainingConfig config = small_config("");
  config.augmentation.crop = 2;
  config.augmentation.flip = true;
  config.augmentation.auto_augment = true;
  config.augmentation.cutout = 3;
  SmallTraining whole(config);
  SmallTraining plain(small_config(""));
  for (int step = 0; step < 10; ++step) {
    whole.trainer.step();
    plain.trainer.step();
  }
  EXPECT_NE(whole.trainer.state().weights, plain.trainer.state().weights);
  SmallTraining first(config);
  for (int step = 0; step < 4; ++step) first.trainer.step();
  const auto file = std::filesystem::path(testing::TempDir()) / "augmented.checkpoint";
  TrainingFiles files;
  files.checkpoint = file;
  files.quiet = true;
  const volatile std::sig_atomic_t stop = 1;
  ASSERT_FALSE(first.trainer.run(files, &stop));  // one step more, then a checkpoint
  SmallTraining second(config);
  second.trainer.resume(read_checkpoint(file), file.string());
  ASSERT_EQ(second.trainer.state().step, 5u);
  for (int step = 5; step < 10; ++step) second.trainer.step();
  EXPECT_EQ(second.trainer.state().weights, whole.trainer.state().weights);
  // A checkpoint knows how its images were augmented.
  try {
    SmallTraining other(small_config(""));
    other.trainer.resume(read_checkpoint(file), file.string());
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("augmentation"), std::string::npos) << error.what();
  }
  std::filesystem::remove(file);
}

TEST(TrainingData, EveryFormatTrains) {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(testing::TempDir()) / "training-data";
  fs::remove_all(root);
  for (const char* name : {"cifar10", "svhn", "imagenette"}) fs::create_directories(root / name);
  data::write_cifar10(root / "cifar10");
  data::write_svhn(root / "svhn/train_32x32.mat", {10, 1, 2, 3, 4, 5, 6, 7}, true);
  data::write_svhn(root / "svhn/test_32x32.mat", {10, 9}, true);
  data::write_image_folders(root / "imagenette");
  for (const std::string name : {"cifar10", "svhn", "imagenette"}) {
    const TrainingConfig config = parse_training(
        "architecture: {file: small.yaml}\ndataset:\n  name: " + name +
            "\n  augmentation: {crop: 4, flip: true, autoaugment: cifar10, cutout: 16}\n"
            "quantization: {scheme: rquant, bits: 8}\nschedule: {epochs: 2, batch: 2}\n"
            "output: x.onnx\n",
        "training.yaml");
    const data::Dataset train =
        data::load_dataset(config.dataset, data::Split::kTrain, root / name);
    const data::Dataset test = data::load_dataset(config.dataset, data::Split::kTest, root / name);
    Trainer trainer(config,
                    parse_architecture(small_architecture_yaml(), "small.yaml",
                                       {{}, train.shape, train.classes}),
                    train, test, "cpu", 1);
    TrainingFiles files;
    files.quiet = true;
    EXPECT_TRUE(trainer.run(files)) << name;
    ASSERT_EQ(trainer.state().history.size(), 2u) << name;
    EXPECT_GT(trainer.state().history[1].loss, 0.0) << name;
  }
  fs::remove_all(root);
}

TEST(TrainingData, TestImagesMustBeLikeTheTrainingImages) {
  const data::Dataset train = striped_images(32, 1);
  data::Dataset test = striped_images(32, 2);
  const Architecture architecture =
      parse_architecture(small_architecture_yaml(), "small.yaml", {{}, train.shape, train.classes});
  test.classes = 4;
  try {
    Trainer(small_config(""), architecture, train, test, "cpu", 1);
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "small-training.yaml: dataset: test images are 1x8x8 (channels x height x width) "
                 "with 4 classes, expected 1x8x8 (channels x height x width) with 3 classes as the "
                 "training images");
  }
}

}  // namespace
}  // namespace brownout::trainers
