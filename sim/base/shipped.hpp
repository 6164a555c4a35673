// SPDX-License-Identifier: Apache-2.0
// Files that come with the program and are found by name: "edge-16x16" for
// configs/accelerators/edge-16x16.yaml of the source tree or of the installation.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace brownout {

class YamlMap;

/// One kind of them: the YAML files of one folder.
struct ShippedKind {
  const char* what;    // "accelerator", for messages
  const char* folder;  // in the source tree and in share/brownout
  const char* mark;    // only files with a line that begins so; "": all
};
inline constexpr ShippedKind kShippedAccelerators{"accelerator", "configs/accelerators", ""};
inline constexpr ShippedKind kShippedDrams{"DRAM preset", "configs/dram", ""};
inline constexpr ShippedKind kShippedTechnologies{"technology", "profiles", "bit_error_rate:"};

/// Folder of the running program.
std::filesystem::path program_folder();

/// All files of a kind, sorted by name; none when their folder is not there.
std::vector<std::filesystem::path> shipped_files(const ShippedKind& kind);

/// Name of a shipped file, if this is one; else "".
std::string shipped_name(const ShippedKind& kind, const std::filesystem::path& file);

/// A text with "/", one that ends with .yaml or .yml, and the name of a file in `folder` ("": where
/// the program runs) name that file, relative to the folder. Any other text is the name of a
/// shipped file. InputError, beginning with `where`, when there is none of this name; it names the
/// nearest one and all.
std::filesystem::path find_shipped(const ShippedKind& kind, const std::string& text,
                                   const std::string& where,
                                   const std::filesystem::path& folder = {});

/// The same for the value of a key. The file must exist and be readable, and no output may replace
/// it from then on.
std::filesystem::path shipped_input_file(YamlMap& map, const std::string& key,
                                         const ShippedKind& kind);

}  // namespace brownout
