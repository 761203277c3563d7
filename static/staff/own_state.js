/* One's own state at the top: a refusal is shown where the button was, and its times run at once. */

import { setServerNow, tick } from "../ui/clocks.js";

document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status === 409 && detail.target.closest("[data-own-state]")) {
    detail.shouldSwap = true;
    detail.isError = false;
  }
});

for (const name of ["htmx:afterSwap", "htmx:oobAfterSwap"]) {
  document.body.addEventListener(name, ({ detail }) => {
    const now = detail.target.querySelector("[data-server-now]")?.dataset.serverNow;
    if (now) setServerNow(now);
    tick(detail.target);
  });
}
