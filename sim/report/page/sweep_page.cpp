// SPDX-License-Identifier: Apache-2.0
// The sections of a sweep's page, from the answer to the details.
#include "sim/report/page/sweep_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.hpp"
#include "sim/report/mitigation_report.hpp"
#include "sim/report/page/page_frame.hpp"
#include "sim/results/places.hpp"

namespace brownout::report {

namespace {

std::string joined_texts(const std::vector<std::string>& parts, const std::string& between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

std::string chart_html(const std::string& id, const std::string& label, const char* kind = "") {
  return fmt::format(
      "<div class=\"chart {}\"><canvas id=\"{}\" role=\"img\" aria-label=\"{}\"></canvas></div>\n",
      kind, id, html_text(label));
}

std::string tick_html(const std::string& id, const std::string& text, bool on) {
  return fmt::format("<label class=\"tick\"><input type=\"checkbox\" id=\"{}\"{}>{}</label>", id,
                     on ? " checked" : "", html_text(text));
}

/// What was simulated, in a sentence a folder.
std::string lead_html(const SweepPage& page) {
  std::string text;
  for (std::size_t s = 0; s < page.sweeps.size(); ++s) {
    const results::StoredSweep& sweep = page.sweeps[s];
    const results::StoredPoint& first = sweep.points.front();
    text += fmt::format(
        "<p class=\"lead\">{}{} {}{}: {} at each {}, {} of {}.</p>\n",
        page.sweeps.size() > 1 ? "<strong>" + html_text(page.folders[s]) + "</strong>: " : "",
        counted(static_cast<std::int64_t>(sweep.models.size()), "network"),
        sweep.accelerator.empty() ? "without an accelerator" : "on " + html_text(sweep.accelerator),
        sweep.by_rate ? "" : ", technology " + html_text(sweep.technology),
        first.precision ? "as many random chips as its precision needs"
                        : results::chips_text(first.chips, sweep.places),
        sweep.by_rate ? "bit error rate" : "voltage", counted(first.images, "image"),
        html_text(sweep.dataset));
    for (const std::string& said : {sweep.chip_note, sweep.remark}) {
      if (!said.empty()) text += "<p class=\"warning\">" + html_text(said) + "</p>\n";
    }
  }
  if (!page.pattern.empty()) {
    text += "<p class=\"quiet\">Networks are " + html_text(page.pattern) + ".</p>\n";
  }
  return text;
}

/// What a safe voltage saves, of all energy where that is known.
double saving_of(const results::StoredSafeVoltage& row) {
  if (!row.voltage) return -1e300;
  return row.saving_all_pct.value_or(row.saving_access_pct.value_or(0.0));
}

/// Of each network the safe voltage with the mitigation that saves most.
std::vector<const results::StoredSafeVoltage*> best_rows(const results::StoredSweep& sweep) {
  std::vector<const results::StoredSafeVoltage*> best;
  for (const results::StoredSafeVoltage& row : sweep.safe_voltage) {
    const auto same = std::find_if(best.begin(), best.end(),
                                   [&](const auto* one) { return one->model == row.model; });
    if (same == best.end()) {
      best.push_back(&row);
    } else if (saving_of(row) > saving_of(**same)) {
      *same = &row;
    }
  }
  return best;
}

/// Its number among the rows with a voltage, which is that of its point in the script's data.
std::size_t place_of(const SweepPage& page, const results::StoredSafeVoltage& row) {
  std::size_t place = 0;
  for (const results::StoredSweep& sweep : page.sweeps) {
    for (const results::StoredSafeVoltage& other : sweep.safe_voltage) {
      if (&other == &row) return place;
      if (other.voltage) ++place;
    }
  }
  return place;
}

/// A number that changes with the prices.
std::string priced_html(const char* field, std::size_t place, const std::string& number) {
  return fmt::format("<span data-field=\"{} {}\">{}</span>", field, place, number);
}

std::string card_html(const SweepPage& page, std::size_t sweep,
                      const results::StoredSafeVoltage& row) {
  const std::size_t network = network_of(page, sweep, row.model);
  const std::size_t mitigation = mitigation_of(page, row.mitigation);
  std::string name = html_text(page.networks[network].label);
  if (page.mitigations.size() > 1) {
    name += ", " + html_text(shown_mitigations(page.mitigations)[mitigation]);
  }
  const std::size_t place = place_of(page, row);
  std::vector<std::string> facts;
  if (row.rerr_mean) {
    facts.push_back(fmt::format("error {:.2f} % (clean {:.2f} %)", *row.rerr_mean, row.err));
  }
  if (row.saving_access_pct) {
    facts.push_back(
        priced_html("safe-access", place, fmt::format("{:.1f}", *row.saving_access_pct)) +
        " % of a weight access saved");
  }
  if (row.saving_all_pct) {
    facts.push_back(priced_html("safe-saved", place, fmt::format("{:.2f}", *row.saving_all_pct)) +
                    " % of all energy saved");
  }
  if (row.energy_uj && row.latency_ms) {
    facts.push_back(priced_html("safe-uj", place, fmt::format("{:.4f}", *row.energy_uj)) +
                    fmt::format(" µJ, {:.4f} ms", *row.latency_ms));
  }
  return fmt::format(
      "<div class=\"card\" data-row=\"{} {}\" style=\"border-top-color:var(--n{})\"><h3>{}</h3>"
      "<p class=\"big\">{}</p><p>{}</p></div>\n",
      network, mitigation, network % kPageColours, name,
      row.voltage ? fmt::format("{:.3f} <small>Vmin</small>", *row.voltage) : "none",
      row.voltage ? joined_texts(facts, "<br>") : "loses too much at every voltage");
}

/// A card for each network.
std::string cards_html(const SweepPage& page) {
  std::string text;
  if (page.mitigations.size() > 1) {
    text += "<p class=\"quiet\">Of each network the mitigation that saves most.</p>\n";
  }
  text += "<div class=\"cards\">\n";
  for (std::size_t s = 0; s < page.sweeps.size(); ++s) {
    for (const results::StoredSafeVoltage* row : best_rows(page.sweeps[s])) {
      text += card_html(page, s, *row);
    }
  }
  return text + "</div>\n";
}

/// Check boxes that act on all charts and tables.
std::string choice_html(const SweepPage& page) {
  const std::vector<std::string> shown = shown_mitigations(page.mitigations);
  std::string text =
      "<div class=\"controls needs-script\" id=\"choice\"><fieldset><legend>Networks</legend>";
  for (std::size_t i = 0; i < page.networks.size(); ++i) {
    text += fmt::format(
        "<label class=\"tick\"><input type=\"checkbox\" checked data-choose-network=\"{0}\">"
        "<i class=\"dot\" style=\"background:var(--n{2})\"></i>{1}</label>",
        i, html_text(page.networks[i].label), i % kPageColours);
  }
  text += "</fieldset>";
  if (shown.size() > 1) {
    text += "<fieldset><legend>Mitigations</legend>";
    for (std::size_t i = 0; i < shown.size(); ++i) {
      text += fmt::format(
          "<label class=\"tick\"><input type=\"checkbox\" checked data-choose-mitigation=\"{0}\">"
          "<i class=\"shape\" data-mitigation=\"{0}\"></i>{1}</label>",
          i, html_text(shown[i]));
    }
    text += "</fieldset>";
  }
  return text + "</div>\n";
}

std::string error_section(bool rates) {
  return section_html(
      "error", rates ? "Error against bit error rate" : "Error against voltage",
      "<div class=\"switches\">" + tick_html("log-y", "logarithmic", true) +
          tick_html("dies", "every die", false) +
          "<label class=\"tick\">band <select id=\"band\"><option value=\"ci\">95 %, "
          "chips</option><option value=\"ciAll\">95 %, chips and images</option><option "
          "value=\"\">none"
          "</option></select></label></div>\n" +
          chart_html("chart-error",
                     rates ? "Error with bit errors against their rate"
                           : "Error with bit errors against supply voltage",
                     "tall") +
          "<p class=\"quiet\" id=\"equal-note\"></p>\n<p class=\"quiet\" id=\"dies-note\"></p>\n",
      true);
}

std::string energy_section() {
  return section_html("energy", "Energy by component",
                      "<p>Per image, in µJ, at each voltage. The part of a memory includes its "
                      "leakage. <span class=\"repriced\"></span></p>\n"
                      "<div id=\"energy-legend\" class=\"legend\"></div>\n"
                      "<div id=\"energy-panels\" class=\"panels\"></div>\n"
                      "<p class=\"quiet\" id=\"energy-note\"></p>\n",
                      true);
}

std::string latency_section(bool rates) {
  return section_html(
      "latency", "Latency",
      fmt::format("<p>Of an image, in ms at the accelerator's clock. It does not "
                  "depend on {}.</p>\n",
                  rates ? "bit errors" : "the voltage, because the clock does not") +
          chart_html("chart-latency", "Latency of an inference", "bars"),
      true);
}

std::string front_section(bool accelerator) {
  return section_html(
      "front", "Error against energy",
      fmt::format(
          "<p>{} <span class=\"repriced\"></span></p>\n",
          accelerator
              ? "The line is the Pareto front of the means of what is shown: no other point has "
                "both error and energy as low."
              : "Energy is that of a weight access, relative to the same network at Vmin, so that "
                "networks do not compare. Circles are the Pareto front of each network by itself: "
                "no other point of that network has both error and energy as low.") +
          chart_html("chart-front", "Error against energy", "tall"),
      true);
}

/// Of the table's last column.
std::string front_meaning(const SweepPage& page) {
  const auto compares = [](const results::StoredSweep& sweep) { return sweep.compares_networks; };
  const std::string of_all =
      "on the Pareto front of the sweep: no other point has both error and energy as low.";
  if (std::all_of(page.sweeps.begin(), page.sweeps.end(), compares)) return of_all;
  const std::string of_one =
      "on the Pareto front of its network: no other point of that network has both error and "
      "energy of a weight access as low.";
  if (std::none_of(page.sweeps.begin(), page.sweeps.end(), compares)) return of_one;
  return of_all + " In sweeps without an accelerator " + of_one;
}

std::string prices_section() {
  return section_html(
      "prices", "Prices",
      "<p>Energy is counts times coefficients. Move a coefficient, and every energy of this page "
      "is computed anew; counts, errors and cycles stay as simulated.</p>\n"
      "<div class=\"switches\" id=\"price-choice\"></div>\n<div id=\"price-list\" "
      "class=\"prices\"></div>\n",
      true);
}

std::string faults_section() {
  return section_html(
      "faults", "Fault map",
      "<p id=\"fault-text\"></p>\n<div class=\"switches\" id=\"fault-switches\"></div>\n"
      "<div class=\"map\"><canvas id=\"fault-map\" tabindex=\"0\" role=\"img\" "
      "aria-label=\"Failing cells of one chip\"></canvas></div>\n"
      "<p class=\"quiet\" id=\"fault-place\">Drag to pan, turn the wheel or press + and - to "
      "zoom.</p>\n<div id=\"fault-legend\" class=\"legend\"></div>\n",
      true);
}

/// What the intervals of sweeps that choose their chips are for.
std::string precision_html(const SweepPage& page) {
  for (const results::StoredSweep& sweep : page.sweeps) {
    const std::optional<results::StoredPrecision>& precision = sweep.points.front().precision;
    if (!precision) continue;
    return fmt::format(
        "<p class=\"quiet\">Points with a number of evaluations: the interval is of the mean error "
        "({:g} %), for {}. Each chip ran a random sample of the images.</p>\n",
        100.0 * precision->confidence, html_text(precision->population));
  }
  return "";
}

/// Networks and data with their hashes, then the configurations.
std::string configuration_section(const SweepPage& page) {
  HtmlTable table("Networks and hashes", {"what", "file", "weights", "SHA-256"}, 2);
  std::string configurations;
  for (std::size_t s = 0; s < page.sweeps.size(); ++s) {
    const results::StoredSweep& sweep = page.sweeps[s];
    for (const results::StoredModel& model : sweep.models) {
      table.add({{html_text(model.name)},
                 {html_text(model.file)},
                 {fmt::format("{}", model.weights)},
                 {"<code class=\"hash\">" + html_text(model.sha256) + "</code>"}});
    }
    table.add({{"data set"},
               {html_text(sweep.dataset)},
               {"–"},
               {"<code class=\"hash\">" + html_text(sweep.dataset_sha256) + "</code>"}});
    configurations += configuration_html(page.folders[s], sweep.configuration);
  }
  return section_html("configuration", "Configuration and hashes", table.html() + configurations);
}

/// Each folder once.
std::vector<std::string> folder_names(const SweepPage& page) {
  std::vector<std::string> names;
  for (const results::StoredSweep& sweep : page.sweeps) {
    std::filesystem::path path = std::filesystem::absolute(sweep.folder).lexically_normal();
    if (path.filename().empty()) path = path.parent_path();
    const std::string name = path.filename().string();
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

std::string notes_section(const SweepPage& page) {
  std::string text;
  const std::vector<std::string> folders = folder_names(page);
  std::size_t folder = 0;
  for (std::size_t s = 0; s < page.sweeps.size(); ++s) {
    // The accelerators of one sweep share its notes, which name them.
    if (s > 0 && page.sweeps[s].folder == page.sweeps[s - 1].folder) continue;
    if (folders.size() > 1) text += "<h3>" + html_text(folders[folder++]) + "</h3>\n";
    text += notes_html(page.sweeps[s].notes);
  }
  return section_html("notes", "What these numbers are", text);
}

}  // namespace

std::string sweep_page_html(const SweepPage& page, const std::string& version) {
  const bool accelerator = on_accelerator(page);
  const bool charts = has_charts(), voltages = !by_rate(page);
  const bool safe =
      std::any_of(page.sweeps.begin(), page.sweeps.end(),
                  [](const results::StoredSweep& sweep) { return !sweep.safe_voltage.empty(); });
  std::vector<std::pair<std::string, std::string>> links;
  if (safe) links.emplace_back("safe", "Safe voltage");
  if (charts) links.emplace_back("error", "Error");
  if (charts && accelerator && voltages) links.emplace_back("energy", "Energy");
  if (charts && accelerator) links.emplace_back("latency", "Latency");
  if (charts && voltages) links.emplace_back("front", "Pareto");
  links.emplace_back("points", "Table");
  if (accelerator && voltages) links.emplace_back("prices", "Prices");
  links.insert(links.end(),
               {{"faults", "Fault map"}, {"notes", "Notes"}, {"configuration", "Configuration"}});

  const std::string title = "Brownout: " + joined_texts(folder_names(page), ", ");
  std::string body = fmt::format("<header>\n<h1>{}</h1>\n{}</header>\n{}", html_text(title),
                                 lead_html(page), links_html(links));
  body +=
      "<noscript><p class=\"warning\">Charts, prices and the fault map need JavaScript. The "
      "tables are complete without it.</p></noscript>\n";
  if (!charts) body += no_charts_html();
  body += choice_html(page);
  if (safe) {
    body += section_html("safe", "Lowest safe voltage",
                         cards_html(page) + safe_voltage_html(page).html());
  }
  if (charts) body += error_section(!voltages);
  if (charts && accelerator && voltages) body += energy_section();
  if (charts && accelerator) body += latency_section(!voltages);
  if (charts && voltages) body += front_section(accelerator);
  body += section_html("points", "Every point of the grid",
                       points_html(page).html() + precision_html(page) +
                           "<p class=\"quiet\">A click on a heading sorts." +
                           (voltages ? " ●: " + front_meaning(page) : "") + "</p>\n");
  if (accelerator && voltages) body += prices_section();
  body += faults_section() + notes_section(page) + configuration_section(page);
  return page_file(title, body + foot_html(version), sweep_page_data(page));
}

}  // namespace brownout::report
