/* A list of templates in a window (templates/workspace/_template_list.html): searched, chosen and filled in by keyboard.
   Windows come and go as HTML, so everything is heard at the document. */

import { fold } from "../ui/fold.js";

export function startTemplates() {
  document.addEventListener("input", (event) => {
    const box = event.target.closest?.("[data-templates]");
    if (!box) return;
    if (event.target.matches("[data-template-search]")) search(box, event.target.value);
    if (event.target.matches("[data-place]")) showValue(event.target);
  });
  document.addEventListener("change", (event) => {
    const box = event.target.closest?.("[data-templates]");
    if (box && event.target.name === "template") showChosen(box);
  });
  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.("[data-template-search]") || event.isComposing) return;
    const box = event.target.closest("[data-templates]");
    if (event.key === "Enter") {
      event.preventDefault(); // to choose, not to send
      toFill(box);
    }
    if (event.key === "ArrowDown") {
      event.preventDefault();
      box.querySelector("[name=template]:checked")?.focus();
    }
  });
}

/** Those in which every word stands; the first of them is chosen, unless the one chosen is among them. */
function search(box, query) {
  const wanted = fold(query).split(/\s+/).filter(Boolean);
  const shown = [];
  for (const one of box.querySelectorAll(".templates__one")) {
    const words = fold(one.textContent);
    one.hidden = !wanted.every((word) => words.includes(word));
    if (!one.hidden) shown.push(one.querySelector("input"));
  }
  box.querySelector("[data-template-none]").hidden = shown.length > 0;
  const chosen = box.querySelector("[name=template]:checked");
  if (!shown.includes(chosen)) {
    if (chosen) chosen.checked = false;
    if (shown.length) shown[0].checked = true;
    showChosen(box);
  }
}

/** The fields of the one chosen; those of the others are not sent. */
function showChosen(box) {
  const chosen = box.querySelector("[name=template]:checked");
  for (const fields of box.querySelectorAll("[data-template-for]")) {
    fields.hidden = fields.disabled = fields.dataset.templateFor !== chosen?.value;
  }
}

function showValue(field) {
  const words = field.value.trim() || field.dataset.empty;
  for (const place of field.closest("[data-template-for]").querySelectorAll(`[data-place-shown="${field.dataset.place}"]`)) {
    place.textContent = words;
  }
}

/** To the first field that is empty, else to the first, else to the button that sends. */
function toFill(box) {
  const fields = [...box.querySelectorAll("fieldset:not([disabled]) [data-place]")];
  const next = fields.find((field) => !field.value) ?? fields[0] ?? box.closest("form")?.querySelector(".dialog__foot .btn--primary");
  next?.focus();
}
