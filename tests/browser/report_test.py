# SPDX-License-Identifier: Apache-2.0
"""A page of `brownout report` in headless Chromium: it draws, its prices are those of the program,
nothing is cut, and its tables need no script.

report_test.py BROWNOUT SOURCE [FOLDER_FOR_SCREENSHOTS]
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import zlib

import chromium

BROWNOUT, SOURCE = sys.argv[1], sys.argv[2]
SHOTS = sys.argv[3] if len(sys.argv) > 3 else ""
SKIPPED = 77
failures = []


def check(holds, what):
    print(("ok      " if holds else "FAILED  ") + what)
    if not holds:
        failures.append(what)


def write(path, content):
    with open(path, "wb") as out:
        out.write(content)


def data_set(folder, images):
    """Random pictures in the format of Fashion-MNIST."""
    os.makedirs(folder)
    draw = random.Random(1)
    for split, count in (("train", 1), ("t10k", images)):
        write(f"{folder}/{split}-images-idx3-ubyte", struct.pack(">IIII", 2051, count, 28, 28) +
              bytes(draw.randrange(256) for _ in range(count * 784)))
        write(f"{folder}/{split}-labels-idx1-ubyte", struct.pack(">II", 2049, count) +
              bytes(i % 10 for i in range(count)))


def technologies(folder):
    """The shipped one, and one with other coefficients and another rail."""
    with open(f"{SOURCE}/profiles/14nm-finfet.yaml", encoding="utf-8") as file:
        text = file.read()
    write(f"{folder}/first.yaml", text.encode())
    for before, after in (("value: 0.6\n", "value: 0.93\n"), ("value: 0.14\n", "value: 0.217\n"),
                          ("value: 64\n", "value: 41.5\n"), ("value: 0.000155\n", "value: 0.0004\n"),
                          ("value: 0.007\n", "value: 0.0031\n"), ("kind: ideal", "kind: switching-regulator")):
        assert before in text, before
        text = text.replace(before, after, 1)
    write(f"{folder}/second.yaml", text.encode())


def sweep(folder, name):
    write(f"{folder}/{name}-sweep.yaml", f"""
technology: {name}.yaml
models: [{SOURCE}/models/fmnist-simplenet16-normal-8b.onnx, {SOURCE}/models/fmnist-simplenet16-randbet-8b.onnx]
dataset: fashion-mnist
data_folder: data
images: 8
accelerator: {SOURCE}/configs/accelerators/edge-16x16.yaml
chips: 2
mitigations: [none, secded, boost=0.05]
voltages: [1.0, 0.9, 0.8]
safe_voltage: {{yield: mean, max_drop_points: 30, tolerance: 0.1, stated_on: 2}}
""".encode())
    subprocess.run([BROWNOUT, "sweep", f"{name}-sweep.yaml", "--out", name, "--quiet", "--no-plot"],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with open(f"{folder}/{name}/sweep.json", encoding="utf-8") as file:
        return json.load(file)


def study(folder):
    write(f"{folder}/study.yaml", f"""
title: Two networks at two rates
data_folder: data
images: 8
chips: 2
evaluations:
  clean: {{kind: clean}}
  rerr: {{kind: errors, rates: [0.001, 0.01, 0.05]}}
rows:
  - {{name: normal, network: {SOURCE}/models/fmnist-simplenet16-normal-8b.onnx}}
  - {{name: randbet, network: {SOURCE}/models/fmnist-simplenet16-randbet-8b.onnx}}
compare:
  - {{higher: normal, lower: randbet}}
""".encode())
    subprocess.run([BROWNOUT, "study", "study.yaml", "--out", "study", "--quiet", "--no-plot"],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL)


def pixels(png):
    """Rows of a PNG with 8 bits a channel and no interlacing, as lists of colours."""
    at, header, packed = 8, None, b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", png[at + 8:at + 21])
        elif kind == b"IDAT":
            packed += png[at + 8:at + 8 + size]
        at += 12 + size
    width, height, depth, colour = header[:4]
    channels = {2: 3, 6: 4}[colour]
    assert depth == 8 and header[6] == 0
    raw, stride = zlib.decompress(packed), width * channels
    rows, above = [], bytearray(stride)
    for y in range(height):
        how, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            left = line[x - channels] if x >= channels else 0
            up, corner = above[x], above[x - channels] if x >= channels else 0
            if how == 1:
                line[x] = (line[x] + left) & 255
            elif how == 2:
                line[x] = (line[x] + up) & 255
            elif how == 3:
                line[x] = (line[x] + (left + up) // 2) & 255
            elif how == 4:
                p = left + up - corner
                a, b, c = abs(p - left), abs(p - up), abs(p - corner)
                line[x] = (line[x] + (left if a <= b and a <= c else up if b <= c else corner)) & 255
        above = line
        rows.append([bytes(line[x:x + 3]) for x in range(0, stride, channels)])
    return rows


BLANKS = """
Array.from(document.querySelectorAll("canvas")).map((c) => {
  const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data, seen = new Set();
  for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 0) seen.add((d[i] << 16) + (d[i + 1] << 8) + d[i + 2]);
  return [c.id || c.getAttribute("aria-label"), seen.size];
})"""
CUT = """
(() => {
  const found = [];
  for (const e of document.body.querySelectorAll("*")) {
    if (e.closest(".scroll") || e.clientWidth === 0 || e.tagName === "CANVAS") continue;
    if (e.scrollWidth > e.clientWidth + 1) found.push(`${e.tagName}#${e.id}.${e.className}: ${e.scrollWidth} > ${e.clientWidth}`);
  }
  for (const chart of typeof Charts === "undefined" ? [] : Charts.made) {
    for (const scale of Object.values(chart.scales)) {
      if (scale.left < -1 || scale.right > chart.width + 1 || scale.top < -1 || scale.bottom > chart.height + 1)
        found.push(`scale ${scale.id} of ${chart.canvas.id}`);
    }
    if (chart.chartArea.width < 100 || chart.chartArea.height < 60) found.push(`chart ${chart.canvas.id}`);
  }
  return found;
})()"""


def looks_right(browser, url, name, width, dark):
    browser.shape(width, 900, dark)
    browser.open(url)
    browser.settle()
    check(browser.complaints() == [], f"{name}: the console is silent {browser.complaints()}")
    blank = [c for c in browser.run(BLANKS) if c[1] < 3]
    check(not blank, f"{name}: every canvas is drawn {blank}")
    cut = browser.run(CUT)
    check(not cut, f"{name}: nothing is cut {cut}")
    reach = browser.run("document.documentElement.scrollWidth")
    check(reach <= width, f"{name}: the page is {reach} of {width} pixels wide")
    if SHOTS:
        browser.screenshot(f"{SHOTS}/{name}.png")
    rows = pixels(browser.screenshot(scale=0.12))
    tenth = max(1, len(rows) // 10)
    colours = [len({c for row in rows[i:i + tenth] for c in row})
               for i in range(0, tenth * 10, tenth)]
    check(min(colours) > 5, f"{name}: no tenth of the screenshot is blank {colours}")
    background = rows[0][0]
    check((sum(background) < 200) == dark, f"{name}: the paper is {'dark' if dark else 'light'}")


def check_drawing(browser, url, page):
    check(os.path.getsize(page) < 3_000_000, f"the page has {os.path.getsize(page)} bytes")
    browser.shape(1200, 900)
    times = []
    while not times or (min(times) >= 1000 and len(times) < 5):
        browser.open(url)
        times.append(browser.run("window.reportDrawn"))
    check(min(times) < 1000, f"drawn in {times} ms")
    others = [r for r in browser.requests() if r != url and not r.startswith("data:")]
    check(not others, f"nothing else is asked for {others}")


def check_prices(browser, url, first, second):
    """The page of the first sweep, at the prices of the second, has the numbers of the second."""
    browser.shape(1200, 900)
    browser.open(url)
    ask = """(() => {
      const d = JSON.parse(document.getElementById("report-data").textContent), o = %s;
      return d.points.map((p) => [Prices.energy(p.pricing, o.coefficients, o.rail),
                                  Prices.accessRelative(p.pricing, o.coefficients, o.rail)]);
    })()"""
    for name, sweep_json in (("its own", first), ("other", second)):
        priced = browser.run(ask % json.dumps(sweep_json["pricing"]))
        same = all(p[0] == point["energy_parts_uj"] and p[1] == point["energy_sram_rel"]
                   for p, point in zip(priced, sweep_json["points"], strict=True))
        check(same, f"at {name} prices all {len(priced)} points have the program's energies, bit by bit")
    check(first["points"][0]["energy_uj"] != second["points"][0]["energy_uj"], "the prices differ")

    cells = "Array.from(document.querySelectorAll('[data-field^=\"%s \"]')).map((c) => c.textContent)"
    before = browser.run(cells % "uj")
    safe_before = browser.run(cells % "safe-uj")
    check(before == [f"{p['energy_uj']:.4f}" for p in first["points"]], "the table has the energies")
    browser.run("""(() => {
      const o = %s;
      const type = (id, value) => {
        const box = document.getElementById(id);
        box.value = value;
        box.dispatchEvent(new Event("change"));
      };
      for (const [key, value] of Object.entries(o.coefficients))
        if (document.getElementById("price-" + key)) type(`price-${key}-number`, value);
      type("price-rail", o.rail.kind);
    })()""" % json.dumps(second["pricing"]))
    for field, want in (("uj", [f"{p['energy_uj']:.4f}" for p in second["points"]]),
                        ("saved", [f"{100 * (1 - p['energy_rel']):.2f}" for p in second["points"]]),
                        ("access", [f"{100 * (1 - p['energy_sram_rel']):.1f}" for p in second["points"]])):
        got = browser.run(cells % field)
        check([float(x) for x in got] == [float(x) for x in want],
              f"typed prices change \"{field}\" to the program's {got[:3]} {want[:3]}")
    bars = browser.run("Charts.made.find((c) => c.canvas.closest('#energy-panels')).data.datasets"
                       ".reduce((sum, s) => sum + s.data[s.data.length - 1], 0)")
    want = second["points"][0]["energy_uj"]
    check(abs(bars - want) < 1e-9 * want, f"the bars are repriced {bars} {want}")
    browser.run("""(() => { const s = document.getElementById("price-mac_pj"); s.value = "0.5";
                  s.dispatchEvent(new Event("input")); })()""")
    check(float(browser.run(cells % "uj")[0]) > want, "a slider moves the energies")
    safe = browser.run(cells % "safe-uj")
    check(len(safe) >= 2 and safe[0] != safe_before[0], f"energies at safe voltages move too {safe}")
    refuse = """(() => { const box = document.getElementById("price-%s-number"), before = box.value;
      box.value = "%s"; box.dispatchEvent(new Event("change"));
      return [box.value === before, box.getAttribute("aria-invalid"),
              document.getElementById("price-%s-problem").textContent.includes("expected")]; })()"""
    for price, typed in (("mac_pj", ""), ("mac_pj", "-1"), ("mac_pj", "1e6"), ("efficiency", "0"), ("efficiency", "1.01")):
        check(browser.run(refuse % (price, typed, price)) == [True, "true", True], f"{price} refuses \"{typed}\"")
    browser.run("document.getElementById('price-reset').click()")
    check(browser.run(cells % "uj") == before, "the first prices come back")
    check(browser.run(cells % "safe-uj") == safe_before, "the first prices of safe voltages come back")


def check_choice(browser, url, first):
    browser.open(url)
    front = browser.run("""(() => { const d = JSON.parse(document.getElementById("report-data").textContent);
      return Sweep.front(d.points).map((p) => [d.networks[p.n].model, d.mitigations[p.m], p.v]); })()""")
    stored = [[p["model"], p["mitigation"], p["voltage"]] for p in first["pareto_front"]]
    check(sorted(front) == sorted(stored), f"the front is the sweep's {len(front)} {len(stored)}")
    count = ("Charts.made.map((c) => c.data.datasets.length)", "document.querySelectorAll('#points tbody tr:not([hidden])').length")
    before = [browser.run(c) for c in count]
    browser.run("document.querySelector('[data-choose-network=\"0\"]').click()")
    after = [browser.run(c) for c in count]
    check(after[1] * 2 == before[1], f"a network that is not chosen leaves the table {before[1]} {after[1]}")
    check(sum(after[0]) < sum(before[0]), "and the charts")
    browser.run("document.querySelector('[data-choose-mitigation=\"1\"]').click()")
    check(browser.run(count[1]) * 3 == before[1], "so does a mitigation")
    browser.run("document.querySelector('[data-choose-network=\"0\"]').click();"
                "document.querySelector('[data-choose-mitigation=\"1\"]').click()")
    y = "document.querySelector('#chart-error') && Charts.made.find((c) => c.canvas.id === 'chart-error').scales.y.type"
    check(browser.run(y) == "logarithmic", "the axis is logarithmic")
    browser.run("document.getElementById('log-y').click(); document.getElementById('dies').click()")
    check(browser.run(y) == "linear", "and can be linear")
    dies = browser.run("Charts.made.find((c) => c.canvas.id === 'chart-error').data.datasets"
                       ".filter((s) => s.showLine === false).reduce((n, s) => n + s.data.length, 0)")
    rows = browser.run("JSON.parse(document.getElementById('report-data').textContent).dies.rows.length")
    check(dies == rows > 0, f"every die is drawn {dies}")
    same = browser.run("""(() => { const of = (id) => new Set(Charts.made.filter((c) => c.canvas.id === id)
      .flatMap((c) => c.data.datasets.filter((s) => s.data[0] && s.data[0].title && s.data[0].title.startsWith("randbet")).map((s) => s.borderColor)));
      const a = of("chart-error"), b = of("chart-front"); return [[...a].filter((c) => c.startsWith("#")), [...b].filter((c) => c.startsWith("#"))]; })()""")
    check(same[0] == same[1] and len(same[0]) == 1, f"a network has one colour {same}")


def check_hover(browser, url):
    browser.open(url)
    place = browser.run("""(() => { document.getElementById("chart-error").scrollIntoView({behavior: "instant"});
      const c = Charts.made.find((c) => c.canvas.id === "chart-error"), box = c.canvas.getBoundingClientRect(), p = c.getDatasetMeta(0).data[1];
      return [box.left + p.x, box.top + p.y]; })()""")
    browser.settle()
    browser.call("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": place[0], "y": place[1]})
    browser.settle()
    lines = browser.run("Charts.made.find((c) => c.canvas.id === 'chart-error').tooltip.body.flatMap((b) => b.lines)")
    check(any(line.startswith("RErr ") for line in lines or []), f"a point says its numbers {lines}")


def check_map(browser, url):
    browser.open(url)
    browser.run("document.getElementById('fault-map').scrollIntoView({block: 'center', behavior: 'instant'})")
    browser.settle()
    picture = "document.getElementById('fault-map').toDataURL()"
    box = browser.run("(() => { const b = document.getElementById('fault-map').getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()")
    first = browser.run(picture)

    def mouse(kind, x, y, buttons):
        browser.call("Input.dispatchMouseEvent", {"type": kind, "x": box[0] + x, "y": box[1] + y,
                                                  "button": "left", "buttons": buttons, "clickCount": 1})
    mouse("mousePressed", 200, 200, 1)
    mouse("mouseMoved", 120, 80, 1)
    mouse("mouseReleased", 120, 80, 0)
    panned = browser.run(picture)
    check(first != panned, "the fault map pans")
    check("Array " in browser.run("document.getElementById('fault-place').textContent"), "a cell says its place")
    browser.run("(() => { const s = document.getElementById('fault-level'); s.value = 1; s.dispatchEvent(new Event('input')); })()")
    check(": 0 of " in browser.run("document.getElementById('fault-level-text').textContent"), "no cell fails at Vmin")
    check(browser.run(picture) != panned, "and the map shows it")


def check_tables(browser, url):
    browser.open(url)
    column = """(() => { const t = document.querySelector("#points table");
      const k = Array.from(t.tHead.rows[0].cells).findIndex((c) => c.textContent.startsWith("RErr"));
      if (%s) t.tHead.rows[0].cells[k].click();
      return Array.from(t.tBodies[0].rows).map((r) => Number(r.cells[k].dataset.sort)); })()"""
    before = browser.run(column % "false")
    check(browser.run(column % "true") == sorted(before), "a click sorts")
    check(browser.run(column % "true") == sorted(before, reverse=True), "another one sorts the other way")


def check_without_scripts(browser, url, first):
    browser.shape(1200, 900)
    browser.scripts(False)
    browser.open(url)
    document = browser.call("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    rows = browser.call("DOM.querySelectorAll", {"nodeId": document, "selector": "#points tbody tr"})["nodeIds"]
    check(len(rows) == len(first["points"]), f"without JavaScript the table has {len(rows)} rows")
    shot = browser.screenshot(scale=0.12)
    check(len({c for row in pixels(shot) for c in row}) > 20, "and is seen")
    text = browser.call("DOM.getOuterHTML", {"nodeId": browser.call(
        "DOM.querySelector", {"nodeId": document, "selector": "noscript"})["nodeId"]})["outerHTML"]
    check("need JavaScript" in text, "the page says what needs JavaScript")
    if SHOTS:
        browser.screenshot(f"{SHOTS}/without-scripts.png")
    browser.scripts(True)


def check_several(browser, url, second):
    """Two sweeps on one page: each has prices of its own."""
    looks_right(browser, url, "several", 390, False)
    browser.shape(1200, 900)
    browser.open(url)
    labels = browser.run("JSON.parse(document.getElementById('report-data').textContent).networks.map((n) => n.label)")
    check(labels == ["normal · first", "randbet · first", "normal · second", "randbet · second"],
          f"each network of each folder has its label {labels}")
    browser.run("(() => { const s = document.getElementById('price-sweep'); s.value = 1; s.dispatchEvent(new Event('change')); })()")
    shown = browser.run("Number(document.getElementById('price-mac_pj-number').value)")
    check(shown == second["pricing"]["coefficients"]["mac_pj"], f"the prices of the second folder can be chosen {shown}")


def check_study(browser, url):
    for name, width, dark in (("study", 1200, False), ("study-phone", 390, True)):
        looks_right(browser, url, name, width, dark)
    curves = "Charts.made[0].data.datasets.filter((s) => s.data[0].title).length"
    check(browser.run(curves) == 2, "a study has a curve for each row")
    browser.run("document.querySelector('[data-choose-network=\"0\"]').click()")
    check(browser.run(curves) == 1, "a row can be left out")


def check_print(browser, url):
    browser.shape(1200, 900)
    browser.open(url)
    pdf = browser.pdf()
    check(pdf.startswith(b"%PDF") and len(pdf) > 20_000, f"the page prints ({len(pdf)} bytes)")


def main():
    if chromium.find() is None:
        print("skipped: chromium is not installed (Debian: chromium)")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        data_set(f"{folder}/data", 8)
        technologies(folder)
        first, second = sweep(folder, "first"), sweep(folder, "second")
        study(folder)
        for folders, name in ((["first"], "page"), (["first", "second"], "several"), (["study"], "study")):
            subprocess.run([BROWNOUT, "report", *folders, "--out", f"{name}.html"], cwd=folder,
                           check=True, stdout=subprocess.DEVNULL)
        page = f"{folder}/page.html"
        with open(page, encoding="utf-8") as file:
            if 'id="chart-error"' not in file.read():
                print("skipped: built without Chart.js (Debian: libjs-chart.js)")
                return SKIPPED
        url = "file://" + page
        with chromium.Browser() as browser:
            check_drawing(browser, url, page)
            for name, width, dark in (("wide", 1200, False), ("dark", 1200, True),
                                      ("phone", 390, False), ("phone-dark", 390, True)):
                looks_right(browser, url, name, width, dark)
            check_prices(browser, url, first, second)
            check_choice(browser, url, first)
            check_hover(browser, url)
            check_map(browser, url)
            check_tables(browser, url)
            check_without_scripts(browser, url, first)
            check_print(browser, url)
            check_several(browser, f"file://{folder}/several.html", second)
            check_study(browser, f"file://{folder}/study.html")
    print(f"{len(failures)} checks failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
