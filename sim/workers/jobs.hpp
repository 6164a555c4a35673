// SPDX-License-Identifier: Apache-2.0
// A run as jobs that any of its processes can do, and how they are handed out.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/results/row_store.hpp"
#include "sim/workers/ranks.hpp"

namespace brownout::workers {

struct Job {
  std::string what;   // as Work understands it, on any rank; one line
  double cost = 1.0;  // relative to that of other jobs: long ones go first
};

/// What is to be done. Used by one thread of rank 0.
class Plan {
 public:
  virtual ~Plan() = default;
  /// The jobs that can begin at once.
  virtual std::vector<Job> first() = 0;
  /// The jobs that can begin when this one is done.
  virtual std::vector<Job> after(const Job& done) = 0;
};

/// Does a job: finds rows and adds those that it computes. A job may be done again after a crash,
/// and then finds the rows that it had added.
using Work = std::function<void(const std::string& what, results::RowStore& rows)>;

/// On rank 0, before anything is written: returns when all others are ready to work. `identity`
/// says what is run, by which version; InputError, which names the rank, when another one runs
/// something else, and the error of one that cannot begin.
void expect_agreement(Ranks& ranks, const Json& identity);

/// On rank 0, after that: does all jobs of the plan, on this rank too, and returns when the store
/// has all rows. All threads use the store, and several may append a row that several jobs need.
/// Any error of a job ends the run with it: the first one that became known.
void hand_out(Ranks& ranks, Plan& plan, const Work& work, results::RowStore& store);
/// The same with several threads of rank 0 that work, each with a Work of its own.
void hand_out(Ranks& ranks, Plan& plan, const std::vector<Work>& own, results::RowStore& store);

/// On the other ranks: does what rank 0 hands out until it says that nothing is left. Returns the
/// exit code that it says.
int serve(Ranks& ranks, const Json& identity, const Work& work);

/// Tells rank 0 that this rank cannot begin, and returns the exit code that rank 0 says.
int serve_refused(Ranks& ranks, const std::string& problem, int code);

/// On rank 0: ends the others, which exit with that code. Returns when all have said that they end;
/// those that are busy for longer than `patience` are aborted.
void dismiss(Ranks& ranks, int code, std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace brownout::workers
