// SPDX-License-Identifier: Apache-2.0
// The charts of a page: colours, shapes and axes that mean the same in each.
"use strict";
const Charts = (() => {
  const SHAPES = ["circle", "rect", "triangle", "rectRot", "star", "crossRot", "cross"];
  const SIGNS = ["●", "■", "▲", "◆", "✱", "✕", "✚"];
  const DASHES = [[], [6, 4], [2, 3], [9, 3, 2, 3], [12, 4], [4, 2], [1, 2]];
  const COLOURS = 12;
  const TICKS = [1, 2, 5];
  const made = [];

  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colour = (network) => style("--n" + network % COLOURS);
  const shape = (mitigation) => SHAPES[mitigation % SHAPES.length];
  // Colours repeat after twelve networks; then lines are dashed as well.
  const dash = (network, mitigation) => DASHES[(mitigation + Math.floor(network / COLOURS)) % DASHES.length];
  const sign = (mitigation) => SIGNS[mitigation % SIGNS.length];

  function faded(hex, alpha) {
    const n = parseInt(hex.slice(1), 16);
    return `rgba(${n >> 16 & 255}, ${n >> 8 & 255}, ${n & 255}, ${alpha})`;
  }
  const narrow = () => window.innerWidth < 500;

  function axis(title, more = {}) {
    return Object.assign({
      title: {display: title !== "", text: title, color: style("--quiet"), font: {size: 13}},
      grid: {color: faded(style("--line"), 0.6), borderColor: style("--line")},
      ticks: {color: style("--quiet"), font: {size: 12}},
    }, more);
  }
  // Steps of 1, 2 and 5, of which a short axis has too few, as plain numbers.
  function logAxis(title, low, high) {
    const result = axis(title, {type: "logarithmic", min: low, max: high});
    const of = (digits) => {
      const ticks = [];
      for (let e = Math.floor(Math.log10(low)); 10 ** e <= high; ++e) {
        for (const digit of digits) {
          const value = digit * 10 ** e;
          if (value >= low && value <= high) ticks.push({value});
        }
      }
      return ticks;
    };
    result.afterBuildTicks = (scale) => {
      scale.ticks = of(TICKS).length > 2 ? of(TICKS) : of([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    };
    result.ticks.callback = (value) => String(Number(value.toPrecision(3)));
    return result;
  }

  // A text in lines of at most so many letters, broken after signs where there are any.
  function lines(text, most) {
    const result = [""];
    for (const part of text.match(/[^ ,·=/-]*[ ,·=/-]*/g)) {
      for (let rest = part; rest.length > 0;) {
        const line = result[result.length - 1], left = most - line.length;
        if (rest.trimEnd().length <= left) {
          result[result.length - 1] += rest;
          rest = "";
        } else if (line !== "") {
          result.push("");
        } else {
          result[result.length - 1] = rest.slice(0, most);
          rest = rest.slice(most);
        }
      }
    }
    return result.map((line) => line.trim());
  }
  // Names of bars, each of them shown.
  function categories() {
    const result = axis("", {grid: {display: false}});
    result.ticks.autoSkip = false;
    return result;
  }

  // Draws or redraws a chart. Charts of elements that are gone are dropped.
  function draw(canvas, type, datasets, scales, tooltip, more = {}) {
    const old = made.findIndex((chart) => chart.canvas === canvas);
    if (old >= 0) made.splice(old, 1)[0].destroy();
    const chart = new Chart(canvas, {
      type,
      data: Object.assign({datasets}, more.labels ? {labels: more.labels} : {}),
      options: Object.assign({
        animation: false, responsive: true, maintainAspectRatio: false, normalized: true,
        layout: {padding: {top: 6, right: 8}},
        interaction: {mode: "nearest", intersect: false, axis: "xy"},
        scales,
        plugins: {
          legend: {display: false},
          tooltip: Object.assign({displayColors: false, padding: 9, bodyFont: {size: 13},
                                  titleFont: {size: 13}}, tooltip),
        },
      }, more.options || {}),
    });
    made.push(chart);
    return chart;
  }
  function dropGone() {
    for (let i = made.length - 1; i >= 0; --i) {
      if (!made[i].canvas || !made[i].canvas.isConnected) made.splice(i, 1)[0].destroy();
    }
  }
  const resize = () => made.forEach((chart) => chart.resize());
  return {style, colour, shape, dash, sign, faded, narrow, axis, logAxis, lines, categories, draw, dropGone, resize, made};
})();
