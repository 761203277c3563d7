/* Working time: exceptions as rows, regions and holidays of the chosen country, the calendar for what is typed.
   Everything works without this file: an empty row, the saved country's regions, the calendar's own page. */

const page = document.querySelector("[data-working-time]");
const settings = document.querySelector("#block-form");

/* ---- exceptions by date ---- */

const exceptions = settings.querySelector("[data-exceptions]");
const rows = () => [...exceptions.querySelectorAll("[data-exception]")];
const said = exceptions.querySelector("[data-exceptions-said]");
const add = exceptions.querySelector("[data-add]");
const blank = rows().at(-1).cloneNode(true);
rows().at(-1).remove();

function dress() {
  for (const button of exceptions.querySelectorAll("[data-remove]")) button.hidden = false;
}

function touched(words) {
  said.textContent = words;
  settings.dispatchEvent(new Event("input", { bubbles: true }));
}

add.hidden = false;
dress();
add.addEventListener("click", () => {
  const row = blank.cloneNode(true);
  add.before(row);
  dress();
  row.querySelector("input").focus();
  touched(exceptions.dataset.added);
});
exceptions.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remove]");
  if (!button) return;
  const row = button.closest("[data-exception]");
  const at = rows().indexOf(row);
  row.remove();
  (rows()[Math.min(at, rows().length - 1)]?.querySelector("[data-remove]") ?? add).focus();
  touched(exceptions.dataset.removed);
});

/* ---- the weekdays ---- */

const simple = ["hours_from", "hours_to", "break_from", "break_to"].map((name) => settings.elements[name]);
const weekdays = [...settings.querySelectorAll("[data-week] input")];
let taken = JSON.stringify(weekdays.map(({ value }) => value)); // as the page gave them

/** What the one interval for all days says, as one types it for a weekday. */
function ofAllDays() {
  const [from, to, pause, back] = simple.map(({ value }) => value);
  return pause && back ? `${from}-${pause}, ${back}-${to}` : `${from}-${to}`;
}

settings.addEventListener("change", ({ target }) => {
  const now = JSON.stringify(weekdays.map(({ value }) => value));
  if (target.name !== "hours_mode" || target.value !== "weekly" || now !== taken || settings.querySelector("[data-week] [aria-invalid]")) return;
  if (page.dataset.hasWeek) return; // it has hours of its own
  const off = [...settings.querySelectorAll("[name=days_off]:checked")].map(({ value }) => Number(value));
  weekdays.forEach((field, day) => (field.value = off.includes(day) ? "" : ofAllDays()));
  taken = JSON.stringify(weekdays.map(({ value }) => value));
});

settings.querySelectorAll("[data-copy-day]").forEach((button, day) => {
  button.hidden = day === weekdays.length - 1;
  button.addEventListener("click", () => {
    for (const field of weekdays.slice(day + 1)) field.value = weekdays[day].value;
    weekdays[day].dispatchEvent(new Event("input", { bubbles: true }));
  });
});

/* ---- the country ---- */

async function fragment(address, options) {
  const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" }, ...options });
  if (!answer.ok || answer.redirected) throw new Error(answer.status);
  const parsed = document.createElement("template");
  parsed.innerHTML = await answer.text();
  return parsed.content;
}

let asked = 0;

async function showCountry(onlyHolidays) {
  const mine = ++asked;
  const query = new URLSearchParams({ country: settings.elements.holiday_country.value });
  if (onlyHolidays) query.set("region", settings.elements.holiday_region?.value ?? "");
  const facts = await fragment(`${page.dataset.country}?${query}`);
  if (mine !== asked) return;
  const shown = settings.querySelector("[data-country-facts]");
  const isOpen = shown.querySelector("[data-coming]")?.open ?? false;
  const coming = facts.querySelector("[data-coming]");
  if (coming) coming.open = isOpen;
  if (onlyHolidays) shown.querySelector("[data-coming]").replaceWith(coming);
  else shown.replaceWith(facts);
}

settings.addEventListener("change", (event) => {
  const name = event.target.name;
  if (name === "holiday_country" || name === "holiday_region") showCountry(name === "holiday_region").catch(() => {});
});

/* ---- the calendar ---- */

const question = document.querySelector("[data-question]");
const calendar = document.querySelector("[data-calendar]");
const spoken = document.querySelector("[data-calendar-said]");
let hasAsked = false; // until then it is the present that is looked at
let latest = 0;
const isReadOnly = settings.querySelector(".ol-all").disabled; // its controls would not be sent

const ofSaved = (at) => fragment(`${question.action}?${new URLSearchParams({ part: "answer", at })}`);

function ofTyped(at) {
  const body = new FormData(settings);
  body.set("at", at);
  return fragment(question.action, { method: "POST", body });
}

async function look(isAnswer) {
  const mine = ++latest;
  const at = hasAsked ? question.elements.at.value : "";
  try {
    const found = await (isReadOnly ? ofSaved(at) : ofTyped(at));
    if (mine !== latest) return;
    calendar.replaceChildren(found);
    if (isAnswer) spoken.textContent = calendar.querySelector("[data-answer]")?.innerText ?? calendar.innerText;
  } catch {
    if (isAnswer) question.submit(); // the calendar's own page, for what is saved
  }
}

question.addEventListener("submit", (event) => {
  event.preventDefault();
  hasAsked = true;
  look(true);
});

let pause;
for (const kind of ["input", "change"])
  settings.addEventListener(kind, (event) => {
    if (event.target.name?.startsWith("text_")) return; // texts open and close nothing
    clearTimeout(pause);
    pause = setTimeout(look, 500, false);
  });
