// SPDX-License-Identifier: Apache-2.0
// Files that come with the program and are found by name: "edge-16x16" for
// configs/accelerators/edge-16x16.yaml of the source tree or of the installation.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace brownout {

class YamlMap;

/// One kind of them: the files of one folder with one ending.
struct ShippedKind {
  const char* what;    // "accelerator", for messages
  const char* folder;  // in the source tree and in share/brownout
  const char* mark;    // only files with a line that begins so; "": all
  const char* ending = ".yaml";
};
inline constexpr ShippedKind kShippedAccelerators{"accelerator", "configs/accelerators", ""};
inline constexpr ShippedKind kShippedDrams{"DRAM preset", "configs/dram", ""};
inline constexpr ShippedKind kShippedTechnologies{"technology", "profiles", "bit_error_rate:"};
inline constexpr ShippedKind kShippedNetworks{"network", "models", "", ".onnx"};
inline constexpr ShippedKind kShippedProfiles{"chip profile", "profiles", "", ".h5"};
inline constexpr ShippedKind kShippedRecipes{"chip to generate", "profiles", "levels:"};
inline constexpr ShippedKind kShippedSweeps{"sweep", "configs/sweeps", ""};
inline constexpr ShippedKind kShippedStudies{"study", "configs/studies", ""};
inline constexpr ShippedKind kShippedTrainings{"training", "configs/trainings", ""};

/// Folder of the running program.
std::filesystem::path program_folder();

/// All files of a kind, sorted by name; none when their folder is not there.
std::vector<std::filesystem::path> shipped_files(const ShippedKind& kind);
/// Their names.
std::vector<std::string> shipped_names(const ShippedKind& kind);

/// Name of a shipped file, if this is one; else "".
std::string shipped_name(const ShippedKind& kind, const std::filesystem::path& file);

/// A text with "/", one with the ending of the kind (or .yml, .hdf5), and the name of a file in
/// `folder` ("": where the program runs) name that file, relative to the folder. Any other text is
/// the name of a shipped file. InputError, beginning with `where`, when there is none of this name;
/// it names the nearest one and all.
/// Where no folder is given, a path as documentation prints it ("models/resnet20.onnx"), at which
/// no file is, is that of the shipped file.
std::filesystem::path find_shipped(const ShippedKind& kind, const std::string& text,
                                   const std::string& where,
                                   const std::filesystem::path& folder = {});

/// The path itself when a file is there or when it is no path as documentation prints it, else that
/// of the shipped file ("profiles/physical-14nm.yaml").
std::filesystem::path documented_file(const std::filesystem::path& file);

/// The same for the value of a key, and for each of a list. The file must exist and be readable,
/// and no output may replace it from then on.
std::filesystem::path shipped_input_file(YamlMap& map, const std::string& key,
                                         const ShippedKind& kind);
std::vector<std::filesystem::path> shipped_input_files(YamlMap& map, const std::string& key,
                                                       const ShippedKind& kind);

/// A place to write to that a shipped file names relative to itself. In an installation nothing is
/// written: share/brownout/out/x.onnx becomes out/x.onnx of the current folder.
std::filesystem::path place_of_results(const std::filesystem::path& place);

}  // namespace brownout
