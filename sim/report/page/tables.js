// SPDX-License-Identifier: Apache-2.0
// Tables sort by the column whose heading is clicked.
"use strict";
const Tables = (() => {
  const key = (cell) => {
    const text = cell.dataset.sort !== undefined ? cell.dataset.sort : cell.textContent.trim();
    const number = Number(text);
    return text !== "" && Number.isFinite(number) ? number : text;
  };
  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a.localeCompare(b);
  }
  function sort(table, column, heading) {
    const falling = heading.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const rows = Array.from(table.tBodies[0].rows);
    rows.sort((a, b) => (falling ? -1 : 1) * compare(key(a.cells[column]), key(b.cells[column])));
    table.tBodies[0].append(...rows);
  }
  function enable() {
    for (const table of document.querySelectorAll("table.sortable")) {
      Array.from(table.tHead.rows[0].cells).forEach((heading, column) => {
        heading.tabIndex = 0;
        heading.addEventListener("click", () => sort(table, column, heading));
        heading.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          sort(table, column, heading);
        });
      });
    }
  }
  return {enable};
})();
