// SPDX-License-Identifier: Apache-2.0
// The fault map: arrays of 64 columns side by side, a window that is dragged over them.
"use strict";
const Faults = (() => {
  const COLUMNS = 64, GAP = 6;
  let data, map, level, view, image;
  const byId = (id) => document.getElementById(id);

  function unpack(text, count) {
    const packed = atob(text), cells = new Uint8Array(count);
    for (let i = 0; i < count; ++i) cells[i] = packed.charCodeAt(i >> 1) >> (4 * (i & 1)) & 15;
    return cells;
  }
  const levelText = (v, digits) => data.by_rate ? `a rate of ${Number((100 * v).toPrecision(3))} %` : `${v.toFixed(digits)} Vmin`;
  const onward = () => data.by_rate ? "up" : "down";
  // From the colour of cells that fail at the highest voltage or lowest rate to that of the last.
  function ramp(count) {
    const stops = [[94, 15, 20], [204, 51, 17], [230, 159, 0], [240, 215, 90]];
    return Array.from({length: count}, (_, i) => {
      const t = count === 1 ? 0 : i / (count - 1) * (stops.length - 1);
      const k = Math.min(Math.floor(t), stops.length - 2), f = t - k;
      return stops[k].map((c, j) => Math.round(c + f * (stops[k + 1][j] - c)));
    });
  }
  function load(faults) {
    const arrays = Math.ceil(faults.words / faults.array_rows);
    const across = Math.max(1, Math.min(arrays, Math.round(Math.sqrt(arrays * faults.array_rows / COLUMNS * 2))));
    map = Object.assign({}, faults, {
      cells: unpack(faults.cells, faults.words * COLUMNS), arrays, across,
      width: across * (COLUMNS + GAP) - GAP,
      height: Math.ceil(arrays / across) * (faults.array_rows + GAP) - GAP,
      colours: ramp(faults.levels.length),
    });
    level = faults.levels.length;
  }
  // A pixel a cell.
  function paint() {
    const pixels = new ImageData(map.width, map.height), dark = Charts.style("--paper") < "#8";
    const healthy = dark ? [38, 44, 52] : [226, 230, 235];
    for (let word = 0; word < map.words; ++word) {
      const array = Math.floor(word / map.array_rows);
      const x = (array % map.across) * (COLUMNS + GAP);
      const y = Math.floor(array / map.across) * (map.array_rows + GAP) + word % map.array_rows;
      for (let bit = 0; bit < COLUMNS; ++bit) {
        const first = map.cells[word * COLUMNS + bit];
        const c = first > 0 && first <= level ? map.colours[first - 1] : healthy;
        const at = 4 * (y * map.width + x + bit);
        pixels.data[at] = c[0];
        pixels.data[at + 1] = c[1];
        pixels.data[at + 2] = c[2];
        pixels.data[at + 3] = 255;
      }
    }
    image = document.createElement("canvas");
    image.width = map.width;
    image.height = map.height;
    image.getContext("2d").putImageData(pixels, 0, 0);
  }
  function keepInside(canvas) {
    const part = (size, shown) => Math.max(0, size - shown / view.scale);
    view.x = Math.min(Math.max(view.x, 0), part(map.width, canvas.clientWidth));
    view.y = Math.min(Math.max(view.y, 0), part(map.height, canvas.clientHeight));
  }
  function show() {
    const canvas = byId("fault-map"), ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    keepInside(canvas);
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = view.scale * ratio < 1;
    context.setTransform(view.scale * ratio, 0, 0, view.scale * ratio,
                         -view.x * view.scale * ratio, -view.y * view.scale * ratio);
    context.drawImage(image, 0, 0);
  }
  function tell() {
    const v = map.levels[level - 1], share = map.failing[level - 1] / (map.words * COLUMNS);
    byId("fault-level-text").textContent = `${levelText(v, 4)}: ${map.failing[level - 1]} of ` +
        `${map.words * COLUMNS} cells fail (${(100 * share).toPrecision(3)} %)`;
  }
  function place(event) {
    const box = byId("fault-map").getBoundingClientRect();
    const x = Math.floor(view.x + (event.clientX - box.left) / view.scale);
    const y = Math.floor(view.y + (event.clientY - box.top) / view.scale);
    const column = x % (COLUMNS + GAP), row = y % (map.array_rows + GAP);
    const array = Math.floor(y / (map.array_rows + GAP)) * map.across + Math.floor(x / (COLUMNS + GAP));
    const word = array * map.array_rows + row;
    if (column >= COLUMNS || row >= map.array_rows || word >= map.words || x >= map.width) return;
    const first = map.cells[word * COLUMNS + column];
    byId("fault-place").textContent = `Array ${array}, row ${row}, column ${column}: ` +
        (first > 0 ? `fails from ${levelText(map.levels[first - 1], 4)} ${onward()}.` : `does not fail at any ${data.by_rate ? "rate" : "voltage"} of the sweep.`);
  }
  function zoom(factor, x, y) {
    const scale = Math.min(24, Math.max(0.25, view.scale * factor));
    view.x += x / view.scale - x / scale;
    view.y += y / view.scale - y / scale;
    view.scale = scale;
    show();
  }
  function bind(canvas) {
    let last = null;
    canvas.addEventListener("pointerdown", (event) => {
      last = event;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      place(event);
      if (!last) return;
      view.x -= (event.clientX - last.clientX) / view.scale;
      view.y -= (event.clientY - last.clientY) / view.scale;
      last = event;
      show();
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { last = null; });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.25 : 0.8, event.offsetX, event.offsetY);
    }, {passive: false});
    canvas.addEventListener("keydown", (event) => {
      const step = 60 / view.scale, moves = {ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step]};
      if (moves[event.key]) {
        view.x += moves[event.key][0];
        view.y += moves[event.key][1];
        show();
      } else if (event.key === "+" || event.key === "-") {
        zoom(event.key === "+" ? 1.25 : 0.8, canvas.clientWidth / 2, canvas.clientHeight / 2);
      } else {
        return;
      }
      event.preventDefault();
    });
  }
  function legend() {
    byId("fault-legend").replaceChildren();
    map.levels.forEach((v, i) => {
      if (map.failing[i] === 0) return;
      const entry = document.createElement("span");
      entry.innerHTML = `<i class="swatch" style="background:rgb(${map.colours[i].join(",")})"></i> `;
      entry.append(`fails from ${data.by_rate ? levelText(v) : v.toFixed(3)}`);
      byId("fault-legend").append(entry);
    });
  }
  function describe(faults) {
    const words = faults.words < faults.all_words ? `the first ${faults.words} of ${faults.all_words} words` : `all ${faults.words} words`;
    byId("fault-text").textContent = `Chip ${faults.chip}: ${words} of the weight memory, 64 cells each, in arrays of ` +
        `${faults.array_rows} rows. The colour of a cell says from which ${data.by_rate ? "rate of the sweep up" : "voltage of the sweep down"} it fails.`;
  }
  function open(sweep) {
    const faults = data.sweeps[sweep].faults, there = !faults.problem;
    for (const element of [byId("fault-map").parentElement, byId("fault-place"), byId("fault-legend"), byId("fault-level-box")]) {
      element.hidden = !there;
    }
    if (!there) {
      byId("fault-text").textContent = `There is no map: ${faults.problem}`;
      return;
    }
    load(faults);
    describe(faults);
    byId("fault-level").max = faults.levels.length;
    byId("fault-level").value = level;
    view = {x: 0, y: 0, scale: Math.max(1, Math.min(3, byId("fault-map").clientWidth / map.width))};
    legend();
    tell();
    paint();
    show();
  }
  function redraw() {
    if (!map) return;
    paint();
    show();
  }
  function start(report) {
    data = report;
    const switches = byId("fault-switches");
    switches.innerHTML = `<label class="tick" id="fault-level-box">${data.by_rate ? "bit error rate" : "voltage"} <input type="range" min="1" step="1" id="fault-level">` +
                         `<span id="fault-level-text"></span></label>`;
    if (data.sweeps.length > 1) {
      const select = document.createElement("select");
      select.id = "fault-sweep";
      select.setAttribute("aria-label", "folder");
      data.sweeps.forEach((s, i) => select.add(new Option(s.folder, i)));
      select.addEventListener("change", () => open(Number(select.value)));
      switches.prepend(select);
    }
    byId("fault-level").addEventListener("input", (event) => {
      level = Number(event.target.value);
      tell();
      redraw();
    });
    bind(byId("fault-map"));
    open(0);
  }
  return {start, redraw};
})();
