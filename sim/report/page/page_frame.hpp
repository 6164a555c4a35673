// SPDX-License-Identifier: Apache-2.0
// What all pages share: the file around the body, sections, hashes, configurations.
#pragma once
#include <string>
#include <vector>

#include "sim/base/json.hpp"

namespace brownout::report {

/// The file: style, body, data for the script, the chart library, the script.
std::string page_file(const std::string& title, const std::string& body, const Json& data);

/// Whether the build embedded the chart library. Without it a page has tables only, and says so.
bool has_charts();
/// What such a page says.
std::string no_charts_html();

/// A section with a heading and an anchor. `script`: it is shown only where scripts run.
std::string section_html(const std::string& id, const std::string& heading,
                         const std::string& content, bool script = false);
/// Links to sections: {id, text}.
std::string links_html(const std::vector<std::pair<std::string, std::string>>& sections);
/// A list of texts.
std::string notes_html(const std::vector<std::string>& notes);
/// A configuration as indented JSON, folded.
std::string configuration_html(const std::string& name, const Json& configuration);
std::string foot_html(const std::string& version);

}  // namespace brownout::report
