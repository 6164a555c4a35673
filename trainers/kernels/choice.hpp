// SPDX-License-Identifier: Apache-2.0
// The one switch of the kernels in this folder.
#pragma once

namespace brownout::trainers {

/// Whether training computes with the kernels of this folder, as far as shapes and processor allow,
/// or with LibTorch's operators alone. The default is true, unless the environment variable
/// BROWNOUT_TRAINING_KERNELS is "libtorch". InputError for another value than "libtorch" or "own".
bool own_kernels();

/// Overrides the environment for this process.
void use_own_kernels(bool own);

}  // namespace brownout::trainers
