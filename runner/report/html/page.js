"use strict";
// The page can be read without this: it adds tabs, copying, searching, and opens everything for the printer.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (name, attributes, text) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return element;
  };

  const groups = all(".snippets").map((box) => {
    const panels = all(".panel", box);
    const list = make("div", { role: "tablist", "aria-label": "The call in" }, "");
    const buttons = panels.map((panel, index) => {
      const button = make("button", { type: "button", role: "tab", id: `${panel.id}-tab`, "aria-controls": panel.id }, panel.dataset.name);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", button.id);
      button.addEventListener("click", () => choose(panel.dataset.name, button));
      button.addEventListener("keydown", (event) => {
        const moves = { ArrowRight: 1, ArrowLeft: -1, Home: -index, End: panels.length - 1 - index };
        if (!(event.key in moves)) return;
        event.preventDefault();
        const next = buttons[(index + moves[event.key] + panels.length) % panels.length];
        next.click();
        next.focus();
      });
      return button;
    });
    const copy = make("button", { type: "button", class: "copy" }, "Copy");
    copy.addEventListener("click", async () => {
      const panel = panels.find((one) => !one.hidden);
      copy.textContent = (await put(panel.querySelector("code").textContent)) ? "Copied" : "Press Ctrl-C";
      setTimeout(() => { copy.textContent = "Copy"; }, 1500);
    });
    list.append(...buttons, copy);
    box.prepend(list);
    box.classList.add("tabs");
    return { panels, buttons };
  });

  // One language is chosen for the whole page; a step that lacks it shows its first.
  const choose = (name, pressed) => {
    const before = pressed?.getBoundingClientRect().top;
    for (const { panels, buttons } of groups) {
      const found = Math.max(panels.findIndex((panel) => panel.dataset.name === name), 0);
      panels.forEach((panel, index) => {
        panel.hidden = index !== found;
        buttons[index].setAttribute("aria-selected", String(index === found));
        buttons[index].tabIndex = index === found ? 0 : -1;
      });
    }
    if (pressed) window.scrollBy({ top: pressed.getBoundingClientRect().top - before, behavior: "instant" });
  };
  choose("curl");

  const put = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.body.appendChild(make("textarea", { readonly: "" }, text));
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };

  const label = document.querySelector(".search");
  const input = label.querySelector("input");
  const steps = all("article.step");
  const words = steps.map((step) => step.textContent.toLowerCase());
  const search = () => {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    steps.forEach((step, index) => { step.hidden = !wanted.every((word) => words[index].includes(word)); });
    document.getElementById("nothing").hidden = steps.some((step) => !step.hidden) || !steps.length;
  };
  label.hidden = false;
  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => { if (event.key === "Escape") { input.value = ""; search(); } });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      input.focus();
    }
  });

  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    closed.forEach((details) => { details.open = true; });
  });
  window.addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));
})();
