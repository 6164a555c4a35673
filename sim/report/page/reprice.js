// SPDX-License-Identifier: Apache-2.0
// The coefficients as sliders. Each change prices every point anew and writes into the tables.
"use strict";
const Reprice = (() => {
  let data, state;  // coefficients and rail of each sweep
  let shown = [];   // the sweeps whose coefficients are shown and changed
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
      "safe-uj": [data.safe, (p) => p.uj.toFixed(4), (p) => p.uj],
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

  const LIMITS = {coefficient: [0, false, 1e6, true, "a number of at least 0 and below 1,000,000"],
                  share: [0, false, 1, false, "a number from 0 to 1"],
                  efficiency: [0, true, 1, false, "a number above 0 and at most 1"]};
  const allows = ([low, lowOpen, high, highOpen], v) =>
      Number.isFinite(v) && (lowOpen ? v > low : v >= low) && (highOpen ? v < high : v <= high);
  const rounded = (v, digits = 6) => Number(v.toPrecision(digits));

  // A slider from a tenth to ten times the first values, and the number beside it. `values` and
  // `firsts` have an entry for each sweep shown; `set` gets the place of one and its new value.
  function addSlider(parent, id, [name, unit], values, firsts, limits, set) {
    const box = document.createElement("div");
    box.className = "price";
    box.innerHTML = `<label for="${id}"></label><div><input type="range" min="-1" max="1" step="0.01" id="${id}">` +
                    `<input type="number" min="0" step="any" id="${id}-number" aria-describedby="${id}-problem"></div>` +
                    `<p class="problem" id="${id}-problem" role="alert"></p>`;
    box.querySelector("label").textContent = `${name}, ${unit}`;
    const [slider, number] = box.querySelectorAll("input"), problem = box.querySelector(".problem");
    number.setAttribute("aria-label", `${name}, ${unit}`);
    slider.disabled = firsts.every((v) => v === 0);
    const write = () => {
      const same = values.every((v) => v === values[0]);
      number.value = same ? rounded(values[0]) : "";
      number.placeholder = same ? "" : "differ";
      const place = values.findIndex((v, i) => v > 0 && firsts[i] > 0);
      slider.value = place < 0 ? -1 : Math.log10(values[place] / firsts[place]);
    };
    const say = (text) => {
      problem.textContent = text;
      number.setAttribute("aria-invalid", text !== "");
    };
    const put = (of) => {
      values = values.map((_, i) => of(firsts[i]));
      values.forEach((v, i) => set(i, v));
      say("");
      write();
      changed();
    };
    slider.addEventListener("input", () => {
      const step = Number(slider.value);
      put((first) => {
        const v = step === 0 ? first : rounded(first * 10 ** step, 4);
        return allows(limits, v) ? v : first === 0 ? 0 : Math.min(limits[2], limits === LIMITS.coefficient ? 999999 : 1);
      });
      slider.value = step;
    });
    number.addEventListener("change", () => {
      const typed = number.validity.badInput ? "" : number.value, v = Number(typed);
      if (typed !== "" && allows(limits, v)) {
        put(() => v);
        return;
      }
      write();
      const kept = number.value === "" ? "the values stay" : `${number.value} stays`;
      say(`${typed === "" ? "No number" : typed}: expected ${limits[4]}; ${kept}.`);
    });
    write();
    parent.append(box);
  }
  function show() {
    const list = byId("price-list"), priced = shown.filter((i) => state[i]);
    list.replaceChildren();
    if (priced.length === 0) {
      list.textContent = "This sweep was written without the counts that prices need. Give its command again, and it is written with them; nothing is computed anew.";
      return;
    }
    const add = (id, name, part, key, limits) => addSlider(list, id, name,
        priced.map((i) => state[i][part][key]),
        priced.map((i) => data.sweeps[i].pricing[part][key]), limits,
        (place, v) => { state[priced[place]][part][key] = v; });
    for (const key of Object.keys(NAMES)) {
      if (!priced.every((i) => key in state[i].coefficients)) continue;
      add("price-" + key, NAMES[key], "coefficients", key, key === "gated_leakage_rel" ? LIMITS.share : LIMITS.coefficient);
    }
    add("price-efficiency", ["switching regulator", "efficiency"], "rail", "efficiency", LIMITS.efficiency);
    add("price-level-shift", ["level shifter", "fJ a bit"], "rail", "level_shift_fj_per_bit", LIMITS.coefficient);
    if (byId("price-rail")) byId("price-rail").value = state[priced[0]].rail.kind;
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
  const onAccelerators = () => data.sweeps.map((_, i) => i).filter((i) => data.sweeps[i].accelerator !== "");
  // Whether the sweeps were priced alike. Accelerators may have a price of their own for DRAM.
  function alike() {
    const bare = (s) => {
      const of = copy(s.pricing, s.pricing.coefficients);
      delete of.coefficients.dram_pj_per_byte;
      return JSON.stringify(of);
    };
    const priced = data.sweeps.filter((s) => s.pricing);
    return priced.length > 1 && priced.every((s) => bare(s) === bare(priced[0]));
  }
  function choices() {
    const parent = byId("price-choice");
    const on = onAccelerators();
    if (on.length > 1) {
      addSelect(parent, "price-sweep", "of", [["all", "all"]].concat(on.map((i) => [i, `${data.sweeps[i].folder} (${data.sweeps[i].technology})`])),
                (value) => { shown = value === "all" ? on : [Number(value)]; show(); });
      if (alike()) shown = on; else byId("price-sweep").value = on[0];
    }
    addSelect(parent, "price-rail", "second rail", RAILS.map((r) => [r, r.replace("-", " ")]), (value) => {
      for (const i of shown) if (state[i]) state[i].rail.kind = value;
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
    shown = onAccelerators().slice(0, 1);
    if (state.some((s) => s)) choices();
    show();
  }
  return {start};
})();
