/* The dialog list: running times, and links that change the list in place (the address follows). */
import { startClocks, tick } from "../ui/clocks.js";
import { startMails } from "../workspace/mail.js";

startClocks();
startMails(document);

document.addEventListener("htmx:afterSwap", () => tick());

/* On a phone the filters fold away under a button. */
document.querySelector("[data-filters-fold]")?.addEventListener("click", ({ currentTarget }) => {
  currentTarget.ariaExpanded = String(currentTarget.ariaExpanded !== "true");
});

/* Sorting keeps the filters: the form repeats the order that is shown. */
document.addEventListener("htmx:configRequest", (event) => {
  const form = event.target.closest?.("[data-filters]");
  if (!form) return;
  const parameters = event.detail.parameters;
  parameters.sort = document.querySelector("[data-sort]")?.dataset.sort ?? parameters.sort;
  for (const name of Object.keys(parameters)) if (parameters[name] === "") delete parameters[name];
});
