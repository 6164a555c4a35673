// SPDX-License-Identifier: Apache-2.0
// The last line of a result: a command to go on with. docs/developing.md says how a verb gets one.
#pragma once
#include <string>
#include <vector>

namespace brownout::cli {

class Verb;

/// What may follow a verb. Of a verb's steps the first that applies is shown.
struct NextStep {
  std::string verb;  // full name, "model import"
  /// Options that must be given, and those that must not ("--voltage", "MODEL"). "OUT/a.json" is a
  /// file a.json in the folder that OUT names.
  std::vector<std::string> with, without;
  /// A command line with places that are filled from the words that were given:
  ///   {MODEL} {--out}         the value; the step does not apply without one
  ///   {--voltage?}            "--voltage 0.85" if it was given, else nothing
  ///   {--calibrate?--dataset} "--dataset NAME" if --calibrate was given, else nothing
  ///   {data}                  --dataset, --split and --data as they were given
  ///   {folder}                --out, or the folder that takes its place
  ///   {first}                 the first of several MODELs
  ///   {other}                 another network of this project in the folder of MODEL
  /// The step does not apply if its command's verb is not in the table of verbs.
  std::string command;
  std::string why;  // a remark after the command
};

const std::vector<NextStep>& next_steps();

/// The line after a result of the verb, with the words that were given: "next: brownout … # why".
/// "" when there is none.
std::string next_step(const Verb& verb);

/// Prints that line to stdout, unless --quiet was given or stdout carries JSON or a list.
void print_next_step(const Verb& verb);

}  // namespace brownout::cli
