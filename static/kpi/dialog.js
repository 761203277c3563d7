/* One dialog: running times, and what happened to a message in a window. */
import { startClocks } from "../ui/clocks.js";
import { get } from "../workspace/requests.js";
import { showWindow } from "../workspace/windows.js";

startClocks();

document.addEventListener("click", async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const opener = event.target instanceof Element ? event.target.closest("[data-window-url]") : null;
  if (!opener) return;
  event.preventDefault();
  const answer = await get(opener.dataset.windowUrl);
  if (answer.kind === "done") showWindow(answer.html);
  else location.assign(opener.dataset.windowUrl); // the page says what is wrong
});
