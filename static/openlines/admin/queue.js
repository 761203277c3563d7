/* The members of a queue: dragged, moved with buttons or arrow keys, removed, added from one search box. */

const box = document.querySelector("[data-queue]");
const list = box.querySelector("[data-list]");
const field = box.querySelector("input[name=members]");
const search = box.querySelector("[data-box]");
const found = box.querySelector("[data-found]");
const people = box.querySelector("[data-people]");
const said = box.querySelector("[data-said]");

const members = () => [...list.children];
const say = (text) => (said.textContent = text);

/* ---- the list ---- */

function changed() {
  field.value = members().map((member) => member.dataset.key).join(",");
  box.querySelector("[data-empty]").hidden = members().length > 0;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  expand();
}

function sayPlace(member) {
  const place = members().indexOf(member) + 1;
  say(box.dataset.wordsMoved.replace("%n", member.dataset.name).replace("%p", place).replace("%t", members().length));
}

function move(member, step) {
  const neighbour = step < 0 ? member.previousElementSibling : member.nextElementSibling;
  if (!neighbour) return;
  if (step < 0) neighbour.before(member);
  else neighbour.after(member);
  changed();
  sayPlace(member);
}

list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const member = event.target.closest(".ol-member");
  if (!button || !member) return;
  if (button.matches("[data-up]")) move(member, -1);
  if (button.matches("[data-down]")) move(member, 1);
  if (button.matches("[data-remove]")) {
    const next = member.nextElementSibling ?? member.previousElementSibling;
    member.remove();
    changed();
    say(box.dataset.wordsRemoved.replace("%n", member.dataset.name));
    (next?.querySelector("[data-remove]") ?? search).focus();
    return;
  }
  if (getComputedStyle(button).visibility === "hidden") member.querySelector("[data-up], [data-down]").focus();
  const usable = [button, ...member.querySelectorAll("[data-up], [data-down]")].find(
    (each) => getComputedStyle(each).visibility !== "hidden",
  );
  (usable ?? search).focus();
});

list.addEventListener("keydown", (event) => {
  const member = event.target.closest(".ol-member");
  if (!member || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  const kept = event.target;
  move(member, event.key === "ArrowUp" ? -1 : 1);
  kept.focus();
});

/* ---- dragging: with a pointer of any kind ---- */

list.addEventListener("pointerdown", (event) => {
  if (!event.target.closest("[data-grip]")) return;
  const member = event.target.closest(".ol-member");
  event.preventDefault();
  member.dataset.dragged = "";
  const before = members().indexOf(member);
  const follow = (moved) => {
    const over = members().find((other) => {
      const at = other.getBoundingClientRect();
      return other !== member && moved.clientY > at.top && moved.clientY < at.bottom;
    });
    if (!over) return;
    const at = over.getBoundingClientRect();
    if (moved.clientY < at.top + at.height / 2) over.before(member);
    else over.after(member);
  };
  const stop = () => {
    delete member.dataset.dragged;
    removeEventListener("pointermove", follow);
    if (members().indexOf(member) === before) return;
    changed();
    sayPlace(member);
  };
  addEventListener("pointermove", follow);
  addEventListener("pointerup", stop, { once: true });
  addEventListener("pointercancel", stop, { once: true });
});

for (const grip of list.querySelectorAll("[data-grip]")) grip.style.touchAction = "none";

/* ---- the search box ---- */

let asked = 0;
let active = -1;
const options = () => [...found.querySelectorAll("li:not([aria-disabled=true])")];

function close() {
  found.hidden = true;
  active = -1;
  search.setAttribute("aria-expanded", "false");
  search.removeAttribute("aria-activedescendant");
}

async function look() {
  const mine = ++asked;
  const answer = await fetch(`${box.dataset.search}?q=${encodeURIComponent(search.value)}`);
  if (!answer.ok || mine !== asked) return;
  const rows = (await answer.json()).found;
  const there = new Set(members().map((member) => member.dataset.key));
  found.replaceChildren(...rows.map((row, at) => option(row, at, there.has(row.key))));
  if (!rows.length) found.append(nothing());
  active = -1;
  found.hidden = false;
  search.setAttribute("aria-expanded", "true");
  say(rows.length ? box.dataset.wordsFound.replace("%s", rows.length) : box.dataset.wordsNone);
}

function option(row, at, isThere) {
  const item = document.createElement("li");
  item.role = "option";
  item.id = `queue-found-${at}`;
  item.row = row;
  item.setAttribute("aria-selected", "false");
  if (isThere) item.setAttribute("aria-disabled", "true");
  const name = document.createElement("strong");
  name.textContent = row.name;
  const detail = document.createElement("span");
  detail.className = "ol-soft";
  detail.textContent = isThere ? box.dataset.wordsThere : row.detail;
  item.append(name, detail);
  return item;
}

function nothing() {
  const item = document.createElement("li");
  item.setAttribute("aria-disabled", "true");
  item.textContent = box.dataset.wordsNone;
  return item;
}

function point(step) {
  const choices = options();
  if (!choices.length) return;
  choices[active]?.setAttribute("aria-selected", "false");
  active = (active + step + choices.length) % choices.length;
  choices[active].setAttribute("aria-selected", "true");
  choices[active].scrollIntoView({ block: "nearest" });
  search.setAttribute("aria-activedescendant", choices[active].id);
}

function add(row) {
  const member = box.querySelector("[data-template]").content.firstElementChild.cloneNode(true);
  member.dataset.key = row.key;
  member.dataset.name = row.name;
  member.classList.toggle("ol-member--warn", row.warn);
  for (const place of member.querySelectorAll("[data-as-name]")) place.textContent = row.name;
  member.querySelector("[data-as-detail]").textContent = row.detail;
  member.querySelector("[data-grip]").style.touchAction = "none";
  const mark = member.querySelector("[data-mark]");
  if (row.kind === "department") {
    const icon = document.createElement("span");
    icon.className = "material-symbols-outlined";
    icon.textContent = "groups";
    mark.replaceChildren(icon);
  } else mark.textContent = row.mark;
  list.append(member);
  search.value = "";
  close();
  changed();
  say(box.dataset.wordsAdded.replace("%n", row.name));
  search.focus();
}

let pause;
search.addEventListener("input", (event) => {
  event.stopPropagation(); // typing a name changes nothing yet
  clearTimeout(pause);
  pause = setTimeout(look, 150);
});
search.addEventListener("change", (event) => event.stopPropagation());
search.addEventListener("focus", look);
search.addEventListener("blur", () => setTimeout(close, 150));
search.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (found.hidden) look();
    else point(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter") {
    event.preventDefault(); // never saves the page by chance
    const chosen = options()[active] ?? (options().length === 1 ? options()[0] : null);
    if (chosen && !found.hidden) add(chosen.row);
  } else if (event.key === "Escape") close();
});
found.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  const item = event.target.closest("li");
  if (item?.row && item.getAttribute("aria-disabled") !== "true") add(item.row);
});

/* ---- who that is today ---- */

let expanding = 0;
async function expand() {
  const mine = ++expanding;
  people.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${box.dataset.expansion}?members=${encodeURIComponent(field.value)}`);
    if (answer.ok && mine === expanding) people.innerHTML = await answer.text();
  } finally {
    if (mine === expanding) people.removeAttribute("aria-busy");
  }
}
