/* Switching a channel asks its provider: the button shows that it is working. */

document.addEventListener("submit", (event) => {
  event.submitter?.closest("[data-busy]")?.setAttribute("aria-busy", "true");
});

addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[data-busy][aria-busy]")) button.removeAttribute("aria-busy");
});
