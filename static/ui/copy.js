/* <button data-copies="text" data-copied="Copied">: puts the text into the clipboard and says so. */

import { toast } from "./toasts.js";

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copies]") : null;
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copies);
  } catch {
    if (!copiedBySelection(button)) return; // selected: Ctrl+C does the rest
  }
  say(button);
});

/** No clipboard over plain http, nor where it is forbidden. */
function copiedBySelection(button) {
  const source = button.parentElement.querySelector("code");
  if (!source) return false;
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  return document.execCommand("copy");
}

/** A notice stands behind an open window: there the button itself says it, too. */
function say(button) {
  const words = button.dataset.copied;
  if (!button.closest("dialog")) return toast(words, { tone: "green" });
  const said = document.createElement("span");
  said.className = "small";
  said.setAttribute("role", "status");
  said.textContent = words;
  button.after(said);
  setTimeout(() => said.remove(), 2000);
}
