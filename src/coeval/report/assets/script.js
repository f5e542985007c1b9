"use strict";
/* Sorts and filters the table of trials. Without it the table is whole and in order of number. */
(() => {
  const table = document.getElementById("trials-table");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const filter = document.getElementById("trials-filter");
  const state = document.getElementById("trials-state");
  const count = document.getElementById("trials-count");
  const few = 30;
  let all = rows.length <= few;

  const more = document.createElement("button");
  more.type = "button";
  more.className = "more";
  more.addEventListener("click", () => { all = true; show(); });
  table.parentElement.after(more);

  function show() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let matching = 0;
    for (const row of body.rows) {
      const text = row.textContent.toLowerCase();
      const fits = (!state.value || row.dataset.state === state.value) && words.every((w) => text.includes(w));
      matching += fits;
      row.hidden = !fits || (!all && matching > few);
    }
    const cut = !all && matching > few;
    more.hidden = !cut;
    more.textContent = `Show all ${matching}`;
    count.textContent = matching === rows.length ? `${matching} trials` : `${matching} of ${rows.length} trials`;
  }

  function sort(head, index) {
    const ascending = head.getAttribute("aria-sort") !== "ascending";
    for (const one of table.tHead.rows[0].cells) one.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const numeric = head.dataset.sort === "number";
    const keyed = rows.map((row) => {
      const cell = row.cells[index];
      return [numeric ? parseFloat(cell.dataset.value) : cell.textContent.trim().toLowerCase(), row];
    });
    keyed.sort(([a], [b]) => {
      if (numeric && (isNaN(a) || isNaN(b))) return isNaN(a) - isNaN(b); /* what has no value stays below */
      const order = a < b ? -1 : a > b ? 1 : 0;
      return ascending ? order : -order;
    });
    body.append(...keyed.map(([, row]) => row));
    show();
  }

  Array.from(table.tHead.rows[0].cells).forEach((head, index) => {
    head.querySelector("button").addEventListener("click", () => sort(head, index));
  });
  filter.addEventListener("input", show);
  state.addEventListener("change", show);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
  show();
})();
