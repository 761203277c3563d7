/* A page of settings: fields that do not apply hide, durations open their own value, texts show as the client reads them.
   Everything works without this file; the server decides. */

const form = document.querySelector(".ol-form");
const controls = () => form.elements;

/* ---- fields that apply ---- */

function valueOf(name) {
  const found = controls()[name];
  if (!found) return "";
  if (found instanceof RadioNodeList) return found.value;
  if (found.type === "checkbox") return found.checked ? "on" : "";
  return found.value;
}

/** `name`, `name=value` or `name!=value`, as block_page.applies() reads it: the field asked for must apply itself. */
function applies(condition) {
  const other = form.querySelector(`[data-field="${condition.split("=")[0].replace("!", "")}"]`);
  return holds(condition) && (!other?.dataset.when || applies(other.dataset.when));
}

function holds(condition) {
  const [name, wanted] = condition.split("=");
  if (wanted === undefined) return Boolean(valueOf(name));
  if (name.endsWith("!")) return valueOf(name.slice(0, -1)) !== wanted;
  return valueOf(name) === wanted;
}

function showWhatApplies() {
  for (const field of form.querySelectorAll("[data-when]")) field.hidden = !applies(field.dataset.when);
  for (const duration of form.querySelectorAll("[data-duration]")) {
    const choice = duration.querySelector("select");
    duration.querySelector("[data-duration-own]").hidden = choice.value !== choice.dataset.ownValue;
  }
}

/* ---- texts ---- */

function preview(box) {
  const sample = JSON.parse(box.dataset.sample);
  const { linkField, linkWords, shipped } = box.dataset;
  const address = linkField ? valueOf(linkField).trim() : "";
  if (linkField) sample.DOCUMENT = address;
  const own = box.querySelector("textarea").value.trim();
  const typed = own || shipped;
  const read = typed.replace(/#([A-Z_]+)#/g, (macro, name) => sample[name] ?? macro);
  const link = address && !typed.includes("#DOCUMENT#") ? `\n${linkWords} ${address}` : "";
  box.querySelector("[data-preview]").textContent = read + link;
  const origin = box.querySelector("[data-origin]");
  origin.textContent = own ? origin.dataset.own : origin.dataset.ready;
}

for (const box of form.querySelectorAll("[data-text]")) {
  const area = box.querySelector("textarea");
  const edit = box.querySelector("[data-text-edit]");
  const tools = box.querySelector("[data-macros]");
  tools.hidden = area.disabled || area.matches(":disabled");
  area.addEventListener("input", () => preview(box));
  edit.addEventListener("toggle", () => edit.open && edit.contains(document.activeElement) && area.focus());
  const change = () => {
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  tools.addEventListener("click", ({ target }) => {
    if (target.closest("[data-back]")) {
      area.value = "";
      change();
    }
    const macro = target.closest("[data-macro]")?.dataset.macro;
    if (!macro) return;
    if (!area.value) area.value = box.dataset.shipped; // goes on from the ready text
    const at = area.selectionStart || area.value.length;
    area.setRangeText(macro, at, area.selectionEnd || at, "end");
    change();
  });
  const { linkField } = box.dataset;
  if (linkField) controls()[linkField].addEventListener("input", () => preview(box));
}

/* The name of a text leads to its field, which may be folded. */
form.addEventListener("click", ({ target }) => {
  const label = target.closest("label[for]");
  const edit = label && document.getElementById(label.htmlFor)?.closest("[data-text-edit]");
  if (edit) edit.open = true;
});

/* ---- what is not saved yet ---- */

const marks = document.querySelectorAll("[data-unsaved-mark]");
let isDirty = Boolean(document.querySelector("[data-errors]"));

function changed() {
  showWhatApplies();
  if (!form.querySelector("[data-unsaved-mark]")) return; // one who may not save
  isDirty = true;
  for (const mark of marks) mark.hidden = false;
}

form.addEventListener("input", changed);
form.addEventListener("change", changed);
form.addEventListener("submit", () => (isDirty = false));
addEventListener("beforeunload", (event) => {
  if (isDirty) event.preventDefault();
});

showWhatApplies();
