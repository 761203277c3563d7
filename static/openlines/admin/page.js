/* What every page of ours in the admin does: copy buttons, buttons that show they are working. */

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (!button) return;
  const text = button.parentElement.querySelector("[data-copy-source]").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(button.parentElement.querySelector("[data-copy-source]")); // no clipboard over plain http
  }
  const before = button.textContent;
  button.textContent = button.dataset.copy;
  setTimeout(() => (button.textContent = before), 2000);
});

function copyBySelection(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  document.execCommand("copy");
}

document.addEventListener("submit", (event) => {
  const button = event.submitter ?? event.target.querySelector("[data-busy]");
  if (button?.matches("[data-busy]")) button.setAttribute("aria-busy", "true");
});

/* back from the browser's cache: nothing is working any more */
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[aria-busy=true]")) button.removeAttribute("aria-busy");
});

document.querySelector("[data-errors]")?.focus();
