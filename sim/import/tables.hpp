// SPDX-License-Identifier: Apache-2.0
// Tables of lookups from their formulas and the quantizers before them.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sim/import/ranges.hpp"
#include "sim/network/network.hpp"

namespace brownout::importing {

/// The least and the largest number that a quantizer saw; none where that is not known.
using SeenNumbers = std::function<std::optional<Range>(network::NodeIndex quantizer)>;

/// Fills the table of a lookup. A code beyond those of the numbers in `seen` may stand for a number
/// at which the function is not finite: the formula then keeps its argument on this side of it.
/// InputError, which begins with `place`, when an entry that may occur is not finite.
void fill_table(network::Lookup& lookup, const network::Quantize& codes,
                const std::optional<Range>& seen, const std::string& place);

/// Whether the function is finite at the numbers of all 256 codes.
bool finite_at_all(const network::Lookup& lookup, const network::Quantize& codes);

/// Fills the tables of all lookups of a network of which nothing else is known. InputError, which
/// begins with `where`, when an entry is not finite.
void fill_tables(network::Network& network, const std::string& where);

/// The quantizer whose codes a value is made of, for which network::is_quantized holds.
network::NodeIndex quantizer_node(const network::Network& network, network::ValueIndex value);

}  // namespace brownout::importing
