"use strict";

// Tables: a click on a heading sorts by its column, a second click the other way round.
function sorted(table) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    if (!heading.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const numeric = heading.classList.contains("number");
      const former = heading.getAttribute("aria-sort");
      // Numbers first fall, since the largest are looked for; words first rise.
      const rising = former ? former === "descending" : !numeric;
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      const compare = numeric
        ? (a, b) => Number(value(a)) - Number(value(b))
        : (a, b) => value(a).localeCompare(value(b), undefined, { numeric: true });
      const rows = [...table.tBodies[0].rows].sort((a, b) => (rising ? compare(a, b) : compare(b, a)));
      table.tBodies[0].append(...rows);
    });
  });
}
document.querySelectorAll("table.sortable").forEach(sorted);

// Details: titles, which browsers show late and phones never, become tips at the pointer, the finger or the focus.
const tip = document.createElement("div");
tip.id = "tip";
tip.setAttribute("role", "tooltip");
tip.hidden = true;
document.body.append(tip);
document.querySelectorAll("[title]").forEach((element) => {
  element.dataset.tip = element.title;
  element.setAttribute("aria-description", element.title);
  element.removeAttribute("title");
});

function show(event) {
  const element = event.target.closest?.("[data-tip]");
  tip.hidden = !element;
  if (!element) return;
  tip.textContent = element.dataset.tip;
  const box = element.getBoundingClientRect();
  const x = event.clientX || box.left;
  const y = event.clientY || box.bottom;
  const left = Math.min(x + 12, innerWidth - tip.offsetWidth - 8);
  const below = y + 18 + tip.offsetHeight < innerHeight;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${below ? y + 18 : Math.max(8, y - tip.offsetHeight - 12)}px`;
}
document.addEventListener("pointermove", show);
document.addEventListener("pointerdown", show);
document.addEventListener("focusin", show);
document.addEventListener("scroll", () => (tip.hidden = true), { passive: true });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") tip.hidden = true;
});
