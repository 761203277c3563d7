/* What every page does: theme, menus, notices, running clocks. Screens import what they need from here. */

import { startClocks } from "./clocks.js";
import "./copy.js";
import { closeToast, startToasts } from "./toasts.js";

/* ---- theme ---- */

/** Keeps the choice for the next page (theme.js), under the key of the admin's own switch: one choice for all pages. */
function chooseTheme(choice) {
  if (choice) document.documentElement.dataset.theme = choice;
  else delete document.documentElement.dataset.theme;
  try {
    localStorage.setItem("adminTheme", JSON.stringify(choice || "auto"));
  } catch {
    /* no storage: the choice lasts as long as the page */
  }
  markTheme();
}

function markTheme() {
  const current = document.documentElement.dataset.theme ?? "";
  for (const button of document.querySelectorAll("[data-theme-value]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeValue === current));
  }
}

/* ---- clicks that mean the same everywhere ---- */

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  const theme = target.closest("[data-theme-value]");
  if (theme) chooseTheme(theme.dataset.themeValue);
  const toastButton = target.closest("[data-toast-close]");
  if (toastButton) closeToast(toastButton.closest("[data-toast]"));
  const opener = target.closest("[data-opens-dialog]");
  if (opener) document.getElementById(opener.dataset.opensDialog)?.showModal();
  const closer = target.closest("[data-closes-dialog]");
  if (closer) closer.closest("dialog")?.close();
  if (target instanceof HTMLDialogElement && isOutside(target, event)) target.close(); // a click on the backdrop
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    const chosen = target.closest(".menu__item");
    if (!menu.contains(target) || (chosen && menu.contains(chosen))) menu.open = false;
  }
});

function isOutside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary")?.focus();
  event.preventDefault();
});

/* arrow keys walk through an open menu */
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const menu = document.activeElement?.closest("details[data-menu][open]");
  if (!menu) return;
  const items = [...menu.querySelectorAll("a[href], button:not(:disabled)")];
  const at = items.indexOf(document.activeElement);
  const step = event.key === "ArrowDown" ? 1 : -1;
  items[(at + step + items.length) % items.length]?.focus();
  event.preventDefault();
});

markTheme();
startToasts();
startClocks();
