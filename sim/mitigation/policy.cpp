// SPDX-License-Identifier: Apache-2.0
// The table of policies.
#include "sim/mitigation/policy.hpp"

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout::mitigation {

void ProtectionFile::refuse(const char* keys, const std::string& expected) const {
  throw InputError("{}: expected {}", place(keys), expected);
}

void refuse_codec_or_share(const ProtectionFile& file) {
  const double share = file.amount("safe_share");
  file.refuse("codec and safe_share",
              fmt::format("a check code or none, and a share up to 1, got {} and {}",
                          in_quotes(file.text("codec")), share));
}

const std::array<const Policy*, 5>& policies() {
  static const std::array<const Policy*, 5> all{&check_code(), &safe_msbs(), &boost(), &spares(),
                                                &array_placement()};
  return all;
}

}  // namespace brownout::mitigation
