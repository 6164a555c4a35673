// SPDX-License-Identifier: Apache-2.0
// The coefficients as sliders. Each change prices every point anew and writes into the tables.
"use strict";
const Reprice = (() => {
  let data, state;  // coefficients and rail of each sweep
  let shown = 0;    // the sweep whose coefficients are shown
  const RAILS = ["ideal", "switching-regulator", "linear-regulator"];
  const NAMES = {
    weight_read_pj_per_word: ["weight read", "pJ a 64-bit word"],
    weight_write_pj_per_word: ["weight write", "pJ a 64-bit word"],
    activation_read_pj_per_byte: ["activation read", "pJ a byte"],
    activation_write_pj_per_byte: ["activation write", "pJ a byte"],
    accumulator_read_pj_per_word: ["accumulator read", "pJ a 32-bit word"],
    accumulator_write_pj_per_word: ["accumulator write", "pJ a 32-bit word"],
    mac_pj: ["multiply-add", "pJ"],
    vector_op_pj: ["vector operation", "pJ"],
    dram_pj_per_byte: ["DRAM", "pJ a byte"],
    sram_leakage_mw_per_kib: ["SRAM leakage", "mW a KiB"],
    logic_leakage_mw_per_pe: ["logic leakage", "mW a processing element"],
    gated_leakage_rel: ["leakage of a gated array", "of one that is on"],
  };
  const byId = (id) => document.getElementById(id);

  function copy(pricing, coefficients) {
    return {coefficients: Object.assign({}, coefficients), rail: Object.assign({}, pricing.rail)};
  }
  const points = () => data.points.concat(data.safe);
  const sweepOf = (p) => data.networks[p.n].sweep;

  function isChanged() {
    return data.sweeps.some((s, i) => s.pricing && JSON.stringify(state[i]) !==
        JSON.stringify(copy(s.pricing, s.pricing.coefficients)));
  }
  function apply() {
    for (const p of points()) {
      const prices = state[sweepOf(p)];
      if (!p.pricing || !prices) continue;
      const e = Prices.energy(p.pricing, prices.coefficients, prices.rail);
      p.parts = Prices.PARTS.map((part) => e[part]);
      p.uj = e.total;
      p.access = Prices.accessRelative(p.pricing, prices.coefficients, prices.rail);
      const atVmin = data.networks[p.n].at_vmin;
      p.saved = atVmin ? 100 * (1 - p.uj / Prices.energy(atVmin, prices.coefficients, prices.rail).total) : null;
    }
    data.repriced = isChanged();
    write();
  }
  function write() {
    const fields = {
      access: [data.points, (p) => (100 * (1 - p.access)).toFixed(1), (p) => 100 * (1 - p.access)],
      saved: [data.points, (p) => p.saved.toFixed(2), (p) => p.saved],
      uj: [data.points, (p) => p.uj.toFixed(4), (p) => p.uj],
      edp: [data.points, (p) => (p.uj * p.ms).toFixed(4), (p) => p.uj * p.ms],
      "safe-access": [data.safe, (p) => (100 * (1 - p.access)).toFixed(1), (p) => 100 * (1 - p.access)],
      "safe-saved": [data.safe, (p) => p.saved.toFixed(2), (p) => p.saved],
    };
    for (const cell of document.querySelectorAll("[data-field]")) {
      const [name, place] = cell.dataset.field.split(" ");
      const [list, text, sort] = fields[name], p = list[Number(place)];
      if (!p || !p.pricing || p.saved === null) continue;
      if (cell.dataset.first === undefined) cell.dataset.first = cell.innerHTML;
      const before = cell.dataset.first;
      if (data.repriced) cell.textContent = text(p); else cell.innerHTML = before;
      cell.dataset.sort = sort(p);
      cell.classList.toggle("changed", data.repriced && cell.textContent !== before);
    }
    for (const note of document.querySelectorAll(".repriced")) {
      note.textContent = data.repriced ? "Prices are changed." : "";
      note.classList.toggle("changed", data.repriced);
    }
  }
  function changed() {
    apply();
    if (typeof Chart !== "undefined") Sweep.drawAll();
  }

  // A slider from a tenth to ten times the first value, and the number beside it.
  function addSlider(parent, id, [name, unit], value, first, highest, set) {
    const box = document.createElement("div");
    box.className = "price";
    box.innerHTML = `<label for="${id}"></label><div><input type="range" min="-1" max="1" step="0.01" id="${id}">` +
                    `<input type="number" min="0" step="any" id="${id}-number"></div>`;
    box.querySelector("label").textContent = `${name}, ${unit}`;
    const [slider, number] = box.querySelectorAll("input");
    number.setAttribute("aria-label", `${name}, ${unit}`);
    slider.disabled = first === 0;
    const place = (v) => { slider.value = v > 0 && first > 0 ? Math.log10(v / first) : -1; };
    const put = (v) => { set(Math.min(highest, v)); changed(); };
    slider.addEventListener("input", () => {
      const v = Number(slider.value) === 0 ? first : Math.min(highest, Number((first * 10 ** Number(slider.value)).toPrecision(4)));
      number.value = v;
      put(v);
    });
    number.addEventListener("change", () => {
      const v = Number(number.value);
      if (!(v >= 0) || number.value === "") return;
      place(v);
      put(v);
    });
    number.value = value;
    place(value);
    parent.append(box);
  }
  function show() {
    const list = byId("price-list"), pricing = data.sweeps[shown].pricing;
    list.replaceChildren();
    if (!pricing) {
      list.textContent = "This sweep was written without the counts that prices need. Give its command again, and it is written with them; nothing is computed anew.";
      return;
    }
    const prices = state[shown];
    for (const key of Object.keys(NAMES)) {
      if (!(key in prices.coefficients)) continue;
      addSlider(list, "price-" + key, NAMES[key], prices.coefficients[key], pricing.coefficients[key],
                key === "gated_leakage_rel" ? 1 : Infinity, (v) => { prices.coefficients[key] = v; });
    }
    addSlider(list, "price-efficiency", ["switching regulator", "efficiency"], prices.rail.efficiency,
              pricing.rail.efficiency, 1, (v) => { prices.rail.efficiency = Math.max(v, 0.01); });
    addSlider(list, "price-level-shift", ["level shifter", "fJ a bit"], prices.rail.level_shift_fj_per_bit,
              pricing.rail.level_shift_fj_per_bit, Infinity, (v) => { prices.rail.level_shift_fj_per_bit = v; });
    if (byId("price-rail")) byId("price-rail").value = prices.rail.kind;
  }
  function addSelect(parent, id, text, options, choose) {
    const label = document.createElement("label");
    label.className = "tick";
    label.append(text + " ");
    const select = document.createElement("select");
    select.id = id;
    for (const [value, name] of options) select.add(new Option(name, value));
    select.addEventListener("change", () => choose(select.value));
    label.append(select);
    parent.append(label);
  }
  function addButton(parent, id, text, press) {
    const button = document.createElement("button");
    button.type = "button";
    button.id = id;
    button.textContent = text;
    button.addEventListener("click", press);
    parent.append(button);
  }
  function reset(end) {
    data.sweeps.forEach((s, i) => {
      if (s.pricing) state[i] = copy(s.pricing, (end && s.pricing[end]) || s.pricing.coefficients);
    });
    show();
    changed();
  }
  function choices() {
    const parent = byId("price-choice");
    if (data.sweeps.length > 1) {
      addSelect(parent, "price-sweep", "of", data.sweeps.map((s, i) => [i, `${s.folder} (${s.technology})`]),
                (value) => { shown = Number(value); show(); });
    }
    addSelect(parent, "price-rail", "second rail", RAILS.map((r) => [r, r.replace("-", " ")]), (value) => {
      if (!state[shown]) return;
      state[shown].rail.kind = value;
      changed();
    });
    addButton(parent, "price-reset", "As simulated", () => reset(""));
    if (data.sweeps.some((s) => s.pricing && s.pricing.low)) {
      addButton(parent, "price-low", "Low ends of ranges", () => reset("low"));
      addButton(parent, "price-high", "High ends of ranges", () => reset("high"));
    }
  }
  function start(report) {
    data = report;
    data.repriced = false;
    state = data.sweeps.map((s) => s.pricing ? copy(s.pricing, s.pricing.coefficients) : null);
    if (!byId("prices")) return;
    if (state.some((s) => s)) choices();
    show();
  }
  return {start};
})();
