// SPDX-License-Identifier: Apache-2.0
// Sweeps as one page that needs no network: tables, charts that a script draws over them, prices
// that can be changed.
#pragma once
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/report/page/page_html.hpp"
#include "sim/results/fault_window.hpp"
#include "sim/results/stored_sweep.hpp"

namespace brownout::report {

/// A network of one of the sweeps: one colour, one check box.
struct PageNetwork {
  std::size_t sweep = 0;
  std::string model;
  std::string label;
};

struct SweepPage {
  std::vector<results::StoredSweep> sweeps;
  std::vector<results::FaultWindow> faults;  // one a sweep
  std::vector<std::string> folders;          // their names on the page
  std::vector<PageNetwork> networks;
  std::string pattern;                   // what the labels leave out of the names; "": nothing
  std::vector<std::string> mitigations;  // of all sweeps
};

SweepPage sweep_page_of(std::vector<results::StoredSweep> sweeps,
                        std::vector<results::FaultWindow> faults);

/// Whether any of them was run on an accelerator.
bool on_accelerator(const SweepPage& page);
/// Whether they are sweeps over bit error rates, all of them then.
bool by_rate(const SweepPage& page);
/// Position in `networks`.
std::size_t network_of(const SweepPage& page, std::size_t sweep, const std::string& model);
std::size_t mitigation_of(const SweepPage& page, const std::string& mitigation);

/// What the script draws.
Json sweep_page_data(const SweepPage& page);
HtmlTable safe_voltage_html(const SweepPage& page);
HtmlTable points_html(const SweepPage& page);

/// The whole page. `version` is the program's.
std::string sweep_page_html(const SweepPage& page, const std::string& version);

}  // namespace brownout::report
