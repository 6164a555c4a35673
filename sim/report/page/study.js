// SPDX-License-Identifier: Apache-2.0
// The charts of studies: a panel for each evaluation, a curve for each row.
"use strict";
const Study = (() => {
  let data, chosen;
  const byId = (id) => document.getElementById(id);

  function drawPanel(panel, canvas) {
    const log = byId("log-y").checked, band = byId("band").value;
    const curves = panel.curves.filter((c) => chosen[c.row] && c.points.length > 0);
    const means = curves.flatMap((c) => c.points.map((p) => p.mean)).filter((y) => y > 0);
    const low = (means.length > 0 ? Math.min(...means) : 1) * 0.6;
    const at = (y) => log ? Math.max(y, low) : y;
    const places = curves.flatMap((c) => c.points.map((p) => p.at));
    const logX = panel.axis !== "voltage" && Math.min(...places) > 0 && Math.max(...places) / Math.min(...places) > 20;
    const sets = curves.map((c) => ({
      data: c.points.map((p) => ({x: p.at, y: at(p.mean), title: data.rows[c.row],
        text: [`${p.mean.toFixed(2)} ${panel.unit}` + (p.std === null ? "" : ` ± ${p.std.toFixed(2)}`), `${panel.axis} ${p.at}`]})),
      borderColor: Charts.colour(c.row), backgroundColor: Charts.colour(c.row), borderWidth: 2,
      borderDash: Charts.dash(c.row, 0), pointRadius: 3.5, pointHoverRadius: 6,
    }));
    for (const c of curves) {
      const faded = Charts.faded(Charts.colour(c.row), 0.16);
      if (byId("dies").checked) {
        sets.push({data: c.points.flatMap((p) => p.samples.flat().map((y) => ({x: p.at, y: at(y), title: data.rows[c.row], text: `${y.toFixed(2)} ${panel.unit}`}))),
                   showLine: false, pointRadius: 2.2, borderColor: faded, backgroundColor: Charts.faded(Charts.colour(c.row), 0.35), order: 8});
      }
      const ends = c.points.filter((p) => band && p[band]);
      for (const k of ends.length > 0 ? [0, 1] : []) {
        sets.push({data: ends.map((p) => ({x: p.at, y: at(p[band][k])})), pointRadius: 0, pointHitRadius: 0,
                   borderWidth: 0, order: 9, backgroundColor: faded, fill: k === 0 ? false : "-1"});
      }
    }
    const high = Math.max(...curves.flatMap((c) => c.points.map((p) => p.mean)), low * 2);
    Charts.draw(canvas, "line", sets, {
      x: logX ? Charts.logAxis(panel.axis, Math.min(...places), Math.max(...places)) : Charts.axis(panel.axis, {type: "linear"}),
      y: log ? Charts.logAxis(panel.unit, low, panel.unit === "%" ? 106 : high * 1.2) : Charts.axis(panel.unit, {beginAtZero: true}),
    }, {filter: (item) => item.raw.text !== undefined,
        callbacks: {title: (items) => items.length ? items[0].raw.title : "", label: (item) => item.raw.text}});
  }
  function drawAll() {
    if (!byId("study-panels")) return;
    data.panels.forEach((panel, i) => drawPanel(panel, byId(`panel-${i}`)));
  }
  function start(report) {
    data = report;
    chosen = data.rows.map(() => true);
    for (const box of document.querySelectorAll("[data-choose-network]")) {
      box.addEventListener("change", () => {
        chosen[Number(box.dataset.chooseNetwork)] = box.checked;
        for (const row of document.querySelectorAll("[data-row]")) row.hidden = !chosen[parseInt(row.dataset.row, 10)];
        drawAll();
      });
    }
    if (!byId("study-panels")) return;
    for (const id of ["log-y", "dies", "band"]) byId(id).addEventListener("change", drawAll);
    data.panels.forEach((panel, i) => {
      const box = document.createElement("div");
      box.innerHTML = `<h3></h3><div class="chart tall"><canvas role="img" id="panel-${i}"></canvas></div>`;
      box.firstChild.textContent = panel.title;
      box.querySelector("canvas").setAttribute("aria-label", panel.title);
      byId("study-panels").append(box);
    });
    if (typeof Chart !== "undefined") drawAll();
  }
  return {start, drawAll};
})();
