/* "Try it": each button plays one more step; only the part that changes is fetched. Without this the form works, too. */

const form = document.querySelector("[data-try]");
const body = form?.querySelector("[data-try-body]");
let running = false;

function settle(focusOn) {
  const story = body.querySelector("[data-try-story]");
  story.scrollTop = story.scrollHeight;
  const again = focusOn && body.querySelector(focusOn);
  (again ?? body.querySelector("[data-try-text]"))?.focus({ preventScroll: true });
}

const findAgain = (button) =>
  button?.id ? `#${button.id}` : button?.value && `button[value="${CSS.escape(button.value)}"]:not([tabindex="-1"])`;

async function step(button) {
  if (running) return;
  running = true;
  body.setAttribute("aria-busy", "true");
  const data = new FormData(form);
  data.set("do", button?.value ?? "write");
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    body.innerHTML = await answer.text();
    settle(button?.value === "write" ? "[data-try-text]" : findAgain(button));
  } catch {
    let note = form.querySelector("[data-try-failed]");
    if (!note) {
      note = document.createElement("p");
      note.className = "ol-notice ol-notice--warn";
      note.dataset.tryFailed = "";
      note.setAttribute("role", "alert");
      form.prepend(note);
    }
    note.textContent = form.dataset.failed;
  } finally {
    running = false;
    body.removeAttribute("aria-busy");
  }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  form.querySelector("[data-try-failed]")?.remove();
  step(event.submitter);
});
form?.addEventListener("change", (event) => {
  if (event.target.matches("[data-try-setup]")) step({ value: "same", id: event.target.id });
});
if (body) settle();
