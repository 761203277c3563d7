/* Single keys (they can be switched off) and the list of them under "?". Keys inside a text field stay the field's. */

const KEY = "desk:shortcuts";

function isOn() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

/** actions: key → function; the function may return false to let the key pass. */
export function startShortcuts(actions) {
  const box = document.querySelector("[data-shortcuts-switch]");
  box.checked = isOn();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, box.checked ? "on" : "off");
    } catch {
      /* lasts as long as the page */
    }
  });
  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.key === "Escape" && target.matches?.("textarea, input")) return target.blur();
    const isUndo = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "z";
    if (isUndo && !target.matches?.("input, textarea, select, [contenteditable]") && actions["ctrl+z"]?.() !== false) event.preventDefault();
    if (!box.checked || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (target.matches?.("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (action && action() !== false) event.preventDefault();
  });
}
