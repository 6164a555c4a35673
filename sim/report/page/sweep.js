// SPDX-License-Identifier: Apache-2.0
// The charts of sweeps, from points that may have been priced anew.
"use strict";
const Sweep = (() => {
  let data, chosen;  // {networks: [bool], mitigations: [bool]}
  const hiddenParts = new Set();
  const MOST_PANELS = 12;
  const byId = (id) => document.getElementById(id);
  const volts = (v) => v.toFixed(4).replace(/0+$/, "").replace(/\.$/, "");
  const percent = (rate) => `${Number((100 * rate).toPrecision(3))} %`;
  // Points differ in their voltage, or in sweeps over rates in their bit error rate, shown in %.
  const levelOf = (p) => data.by_rate ? p.rate : p.v;
  const shown = (level) => data.by_rate ? 100 * level : level;
  const levelText = (level) => data.by_rate ? percent(level) + " bit errors" : volts(level) + " Vmin";
  // A rate of zero has no place on the logarithmic axis of rates.
  const placed = (level) => !data.by_rate || level > 0;
  const several = () => data.mitigations.length > 1;

  function label(n, m) {
    return data.networks[n].label + (several() ? ", " + data.mitigations[m] : "");
  }
  // The chosen series: a network with a mitigation, and its points by rising voltage or rate.
  const series = () => allSeries().filter((s) => chosen.networks[s.n] && chosen.mitigations[s.m]);
  function allSeries() {
    const list = [];
    data.networks.forEach((network, n) => data.mitigations.forEach((_, m) => {
      const points = data.points.filter((p) => p.n === n && p.m === m).sort((a, b) => levelOf(a) - levelOf(b));
      if (points.length > 0) list.push({n, m, points});
    }));
    return list;
  }
  function pointText(p) {
    const lines = [`RErr ${p.rerr.toFixed(2)} %` + (p.std === null ? "" : ` ± ${p.std.toFixed(2)}`),
                   data.by_rate ? levelText(p.rate) : `${volts(p.v)} Vmin, bit errors ${(100 * p.rate).toPrecision(3)} %`];
    if (p.ciAll) lines.push(`95 %: ${p.ciAll[0].toFixed(2)} … ${p.ciAll[1].toFixed(2)} %`);
    if (p.uj !== null) lines.push(`${p.uj.toFixed(4)} µJ` + (p.ms === null ? "" : `, ${p.ms.toFixed(4)} ms`));
    if (p.range && !data.repriced) lines.push(`leakage low … high: ${p.range[0].toFixed(3)} … ${p.range[1].toFixed(3)} µJ`);
    return lines;
  }
  // Zero has no place on a logarithmic axis: half an image stands for it.
  const floorOf = (p) => 50 / p.images;
  const curve = (s, more) => Object.assign({
    borderColor: Charts.colour(s.n), backgroundColor: Charts.colour(s.n),
    borderDash: Charts.dash(s.n, s.m), pointStyle: Charts.shape(s.m), borderWidth: 2,
    pointRadius: 3.5, pointHoverRadius: 6, tension: 0,
  }, more);
  const tooltip = {callbacks: {
    title: (items) => items.length && items[0].raw.title ? items[0].raw.title : "",
    label: (item) => item.raw.text || "",
  }};

  // Accelerators that see the same errors have the same curve, which is drawn once.
  function distinct(list) {
    const groups = new Map();
    for (const s of list) {
      const key = JSON.stringify([data.networks[s.n].model, s.m, s.points.map((p) => [levelOf(p), p.rerr, p.ci, p.ciAll])]);
      if (groups.has(key)) groups.get(key).equals.push(s); else groups.set(key, Object.assign({equals: []}, s));
    }
    return Array.from(groups.values());
  }
  const labels = (s) => s.equals.length === 0 ? label(s.n, s.m)
      : [label(s.n, s.m)].concat(s.equals.map((t) => "= " + label(t.n, t.m)));
  function equalText(list) {
    const lines = list.filter((s) => s.equals.length > 0)
        .map((s) => `${label(s.n, s.m)} also stands for ${s.equals.map((t) => label(t.n, t.m)).join("; ")}`);
    return lines.length === 0 ? "" : `Equal curves are drawn once: ${lines.join(". ")}.`;
  }

  function bandSets(s, band, at) {
    const ends = s.points.filter((p) => p[band] && placed(levelOf(p)));
    if (ends.length === 0) return [];
    const edge = (k) => ({data: ends.map((p) => ({x: shown(levelOf(p)), y: at(p, p[band][k])})), pointRadius: 0,
                          pointHitRadius: 0, borderWidth: 0, order: 9,
                          backgroundColor: Charts.faded(Charts.colour(s.n), 0.16)});
    return [Object.assign(edge(0), {fill: false}), Object.assign(edge(1), {fill: "-1"})];
  }
  // Dies of equal curves belong to the first of them, chosen or not.
  function dieSets(list, at) {
    const all = distinct(allSeries());
    const has = (s, n) => s.n === n || s.equals.some((t) => t.n === n);
    const group = (s) => all.find((g) => g.m === s.m && has(g, s.n));
    return list.map((s) => ({
      data: data.dies.rows.filter((d) => d[1] === s.m && has(group(s), d[0]) && placed(d[2])).map((d) => ({
        x: shown(d[2]), y: at(s.points[0], d[3]), title: labels(s),
        text: [data.dies.names[d[4]], `${levelText(d[2])}: ${d[3].toFixed(2)} %`],
      })),
      showLine: false, pointRadius: 2.2, pointHoverRadius: 5, pointStyle: Charts.shape(s.m),
      borderWidth: 1, borderColor: Charts.faded(Charts.colour(s.n), 0.55),
      backgroundColor: Charts.faded(Charts.colour(s.n), 0.25), order: 8,
    }));
  }
  function errorAxis(list, log) {
    const title = "RErr, % of images";
    if (!log) return Charts.axis(title, {beginAtZero: true});
    const values = list.flatMap((s) => s.points.flatMap((p) => [Math.max(p.rerr, floorOf(p))]));
    const low = Math.min(...values, 100);
    return Charts.logAxis(title, low * 0.6, 106);
  }
  function levelAxis(list) {
    if (!data.by_rate) return Charts.axis("supply voltage, V / Vmin", {type: "linear"});
    const title = "bit error rate of the weight memory, %";
    const rates = list.flatMap((s) => s.points.map((p) => shown(p.rate)).filter((rate) => rate > 0));
    if (rates.length === 0) return Charts.axis(title, {type: "linear"});
    return Charts.logAxis(title, Math.min(...rates) / 1.15, Math.max(...rates) * 1.15);
  }
  const leftOut = (list) => list.every((s) => s.points.every((p) => placed(levelOf(p)))) ? "" :
      " Points at a rate of 0, which have no place on a logarithmic axis, are in the table.";
  function drawError() {
    if (!byId("chart-error")) return;
    const list = distinct(series()), log = byId("log-y").checked, band = byId("band").value;
    const at = (p, y) => log ? Math.max(y, floorOf(p)) : y;
    const sets = list.map((s) => curve(s, {data: s.points.filter((p) => placed(levelOf(p))).map((p) => ({
      x: shown(levelOf(p)), y: at(p, p.rerr), title: labels(s), text: pointText(p)}))}));
    if (byId("dies").checked) sets.push(...dieSets(list, at));
    if (band) sets.push(...list.flatMap((s) => bandSets(s, band, at)));
    Charts.draw(byId("chart-error"), "line", sets, {
      x: levelAxis(list), y: errorAxis(list, log),
    }, Object.assign({filter: (item) => item.raw.text !== undefined}, tooltip));
    byId("equal-note").textContent = equalText(list) + leftOut(list);
    const left = data.dies.all - data.dies.rows.length;
    byId("dies-note").textContent = !byId("dies").checked ? "" :
        (data.by_rate ? "Every die at every rate" : "Every die that was evaluated, at every voltage, the search for the safe voltage included") +
        (left > 0 ? `; ${left} of ${data.dies.all} are left out.` : ".");
  }

  function energyPanel(s, high) {
    const panel = document.createElement("div");
    panel.className = "panel";
    panel.innerHTML = `<h3><i class="dot"></i></h3><div class="chart"><canvas role="img"></canvas></div>`;
    panel.querySelector(".dot").style.background = Charts.colour(s.n);
    panel.querySelector("h3").append(label(s.n, s.m));
    const canvas = panel.querySelector("canvas");
    canvas.setAttribute("aria-label", "Energy by component of " + label(s.n, s.m));
    byId("energy-panels").append(panel);
    const points = s.points.filter((p) => p.parts);
    const sets = data.groups.filter((g) => !hiddenParts.has(g[0])).map(([name, colour, parts]) => ({
      label: name, backgroundColor: colour, stack: "energy", barPercentage: 0.92,
      categoryPercentage: 0.92,
      data: points.map((p) => parts.reduce((sum, part) => sum + p.parts[Prices.PARTS.indexOf(part)], 0)),
    }));
    Charts.draw(canvas, "bar", sets, {
      x: Charts.axis("", {stacked: true, grid: {display: false}}),
      y: Charts.axis("", {stacked: true, beginAtZero: true, max: high}),
    }, {callbacks: {
      title: (items) => items[0].label + " Vmin",
      label: (item) => `${item.dataset.label}: ${item.raw.toPrecision(4)} µJ`,
      footer: (items) => `all: ${points[items[0].dataIndex].uj.toFixed(4)} µJ`,
    }}, {labels: points.map((p) => p.v.toFixed(3)),
         options: {interaction: {mode: "nearest", intersect: true}}});
  }
  function drawEnergy() {
    if (!byId("energy-panels")) return;
    const list = series().filter((s) => s.points.some((p) => p.parts));
    byId("energy-panels").replaceChildren();
    const drawn = list.slice(0, MOST_PANELS);
    const sums = drawn.flatMap((s) => s.points.filter((p) => p.parts).map((p) =>
        data.groups.filter((g) => !hiddenParts.has(g[0])).flatMap((g) => g[2])
            .reduce((sum, part) => sum + p.parts[Prices.PARTS.indexOf(part)], 0)));
    const high = Math.max(...sums) || undefined;
    for (const s of drawn) energyPanel(s, high === undefined ? high : roundUp(high));
    byId("energy-note").textContent = list.length <= MOST_PANELS ? "" :
        `${list.length - MOST_PANELS} more are chosen: only the first ${MOST_PANELS} are drawn.`;
    Charts.dropGone();
  }
  function roundUp(value) {
    const step = 10 ** Math.floor(Math.log10(value)) / 2;
    return Math.ceil(value / step) * step;
  }
  function energyLegend() {
    if (!byId("energy-legend")) return;
    for (const [name, colour, parts] of data.groups) {
      if (name === "mitigation" && !several() && data.points.every((p) => !p.parts || p.parts[10] === 0)) continue;
      const tick = document.createElement("label");
      tick.className = "tick";
      tick.innerHTML = `<input type="checkbox" checked><i class="swatch" style="background:${colour}"></i>`;
      tick.append(name + (parts.length > 1 ? " with its leakage" : ""));
      tick.firstChild.addEventListener("change", (event) => {
        if (event.target.checked) hiddenParts.delete(name); else hiddenParts.add(name);
        drawEnergy();
      });
      byId("energy-legend").append(tick);
    }
  }

  function drawLatency() {
    if (!byId("chart-latency")) return;
    const list = series().filter((s) => s.points[0].ms !== null);
    const names = list.map((s) => Charts.lines(label(s.n, s.m), Charts.narrow() ? 20 : 44));
    const most = Math.max(...names.map((lines) => lines.length), 1);
    byId("chart-latency").parentElement.style.height = `${70 + Math.max(34, 16 * most + 10) * list.length}px`;
    Charts.draw(byId("chart-latency"), "bar", [{
      data: list.map((s) => s.points[0].ms), barThickness: 20,
      backgroundColor: list.map((s) => Charts.colour(s.n)),
    }], {
      x: Charts.axis("ms an image", {beginAtZero: true}),
      y: Charts.categories(),
    }, {callbacks: {title: (items) => label(list[items[0].dataIndex].n, list[items[0].dataIndex].m),
                    label: (item) => `${item.raw.toFixed(5)} ms`}},
    {labels: names, options: {indexAxis: "y"}});
  }

  // Points for which no other has both coordinates at most as high and one of them lower.
  function front(points, x = (p) => p.uj) {
    const kept = points.filter((p) => !points.some((q) =>
        x(q) <= x(p) && q.rerr <= p.rerr && (x(q) < x(p) || q.rerr < p.rerr)));
    return kept.sort((a, b) => x(a) - x(b));
  }
  function drawFront() {
    if (!byId("chart-front")) return;
    const absolute = data.points.some((p) => p.uj !== null);
    const x = (p) => absolute ? p.uj : p.access;
    const list = series().map((s) => Object.assign({}, s, {points: s.points.filter((p) => x(p) !== null)}));
    const log = byId("log-y").checked;
    const at = (p) => ({x: x(p), y: log ? Math.max(p.rerr, floorOf(p)) : p.rerr,
                        title: label(p.n, p.m), text: pointText(p)});
    const sets = list.map((s) => curve(s, {data: s.points.map(at), borderWidth: absolute ? 0.8 : 2}));
    // Energies of a weight access are relative to the same network: each has a front by itself.
    const compared = absolute ? [list.flatMap((s) => s.points)]
        : data.networks.map((_, n) => list.filter((s) => s.n === n).flatMap((s) => s.points));
    for (const points of compared) {
      const best = front(points, x);
      if (best.length === 0) continue;
      sets.push({data: best.map(at), borderColor: Charts.style("--ink"), borderWidth: absolute ? 2 : 1, front: true, showLine: absolute,
                 pointRadius: 7, pointHoverRadius: 8, backgroundColor: "transparent",
                 stepped: "before", order: 5});
    }
    Charts.draw(byId("chart-front"), "line", sets, {
      x: Charts.axis(absolute ? "energy of an image, µJ" : "energy of a weight access, relative to Vmin", {type: "linear", grace: "4%"}),
      y: errorAxis(list.filter((s) => s.points.length > 0), log),
    }, tooltip);
  }

  function drawAll() {
    drawError();
    drawEnergy();
    drawLatency();
    drawFront();
  }
  function filterRows() {
    for (const row of document.querySelectorAll("[data-row]")) {
      const [n, m] = row.dataset.row.split(" ").map(Number);
      row.hidden = !chosen.networks[n] || !chosen.mitigations[m];
    }
  }
  function bindChoice(attribute, list) {
    for (const box of document.querySelectorAll(`[${attribute}]`)) {
      box.addEventListener("change", () => {
        list[Number(box.getAttribute(attribute))] = box.checked;
        filterRows();
        drawAll();
      });
    }
  }
  function start(report) {
    data = report;
    chosen = {networks: data.networks.map(() => true), mitigations: data.mitigations.map(() => true)};
    bindChoice("data-choose-network", chosen.networks);
    bindChoice("data-choose-mitigation", chosen.mitigations);
    for (const id of ["log-y", "dies", "band"]) {
      if (byId(id)) byId(id).addEventListener("change", () => { drawError(); drawFront(); });
    }
    if (typeof Chart !== "undefined") {
      energyLegend();
      drawAll();
    }
  }
  return {start, drawAll, front};
})();
