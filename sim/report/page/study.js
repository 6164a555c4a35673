// SPDX-License-Identifier: Apache-2.0
// The charts of studies.
"use strict";
const Study = (() => {
  function drawAll() {}
  function start() {}
  return {start, drawAll};
})();
