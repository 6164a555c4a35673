// SPDX-License-Identifier: Apache-2.0
// Internal: the kinds of convolution that make_convolution chooses from. Shapes are checked there.
#pragma once
#include "sim/datapath/convolution/convolution.hpp"

namespace brownout::datapath {

std::unique_ptr<Convolution> make_reference_convolution(const ConvolutionShape& shape,
                                                        int zero_point);

}  // namespace brownout::datapath
