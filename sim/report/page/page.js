// SPDX-License-Identifier: Apache-2.0
// Starts what the page has. window.reportDrawn says how long that took, in ms.
"use strict";
(() => {
  const begin = performance.now();
  document.documentElement.classList.add("scripted");
  const data = JSON.parse(document.getElementById("report-data").textContent);
  Tables.enable();

  function marks() {
    for (const mark of document.querySelectorAll("[data-mitigation]")) {
      mark.textContent = Charts.sign(Number(mark.dataset.mitigation));
    }
  }
  const kind = data.kind === "sweep" ? Sweep : Study;
  marks();
  if (data.kind === "sweep") Reprice.start(data);
  kind.start(data);
  if (data.kind === "sweep") Faults.start(data);

  function redraw() {
    if (typeof Chart !== "undefined") kind.drawAll();
    Faults.redraw();
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  for (const [event, printing] of [["beforeprint", true], ["afterprint", false]]) {
    window.addEventListener(event, () => {
      document.documentElement.classList.toggle("printing", printing);
      redraw();
    });
  }
  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(Faults.redraw, 100);
  });
  window.reportDrawn = performance.now() - begin;
})();
