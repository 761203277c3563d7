/* What would happen to a dialog that came now, asked again every 10 seconds while the page is looked at.
   <div data-forecast="address"> holds the answer; an empty one is filled at once. */

const EVERY = 10_000;
const boxes = [...document.querySelectorAll("[data-forecast]")];
const fresh = document.querySelector("[data-forecast-fresh]");
const said = document.querySelector("[data-forecast-said]");

function show(box, html) {
  const parsed = document.createElement("template");
  parsed.innerHTML = html;
  const stamped = parsed.content.querySelector("[data-at]");
  if (fresh && stamped) fresh.textContent = fresh.dataset.words.replace("%s", stamped.dataset.at);
  stamped?.removeAttribute("data-at"); // the time alone is no change: who has the focus in the table keeps it
  const next = parsed.innerHTML;
  if (box.shown === next) return;
  const before = answerOf(box);
  box.shown = next;
  box.replaceChildren(parsed.content);
  if (said && before && before !== answerOf(box)) said.textContent = answerOf(box);
}

const answerOf = (box) => box.querySelector("[data-answer]")?.textContent ?? "";

async function look(box) {
  try {
    const answer = await fetch(box.dataset.forecast, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    show(box, await answer.text());
  } catch {
    if (fresh) fresh.textContent = fresh.dataset.failed;
  }
}

const lookAtAll = () => document.hidden || boxes.forEach(look);

for (const box of boxes) {
  const html = box.innerHTML.trim();
  if (html) show(box, html);
  else look(box);
}
setInterval(lookAtAll, EVERY);
document.addEventListener("visibilitychange", lookAtAll);
