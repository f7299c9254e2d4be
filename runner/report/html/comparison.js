"use strict";
// The page can be read without this: it adds the filters.
(() => {
  const form = document.querySelector(".filters");
  const rows = [...document.querySelectorAll("tr.step")].map((row) => {
    const below = [];
    for (let next = row.nextElementSibling; next?.classList.contains("difference"); next = next.nextElementSibling) below.push(next);
    const words = [row, ...below].map((one) => one.textContent).join(" ").toLowerCase();
    return { all: [row, ...below], state: row.dataset.state, columns: row.dataset.columns.trim().split(" "), words };
  });
  const bodies = [...document.querySelectorAll(".steps > tbody")];
  const show = () => {
    const state = form.elements.state.value;
    const column = form.elements.column?.value ?? "";
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let visible = 0;
    for (const row of rows) {
      const fits = (state === "all" || row.state === state) && (!column || row.columns.includes(column))
        && words.every((word) => row.words.includes(word));
      row.all.forEach((one) => { one.hidden = !fits; });
      visible += fits;
    }
    bodies.forEach((body) => { body.hidden = !body.querySelector("tr.step:not([hidden])"); });
    document.getElementById("nothing").hidden = visible > 0 || !rows.length;
  };
  form.elements.state.value = "all";
  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      form.elements.words.focus();
    }
  });
})();
