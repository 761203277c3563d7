/* The window "New dialog" (templates/workspace/_start.html): whom to write to, through what, and the first message.
   Windows come and go as HTML, so everything is heard at the document; each question belongs to the form it was asked in. */

import { newUuid } from "./composer.js";
import { get, post } from "./requests.js";
import { closeWindow, showProblem } from "./windows.js";
import { problem } from "./words.js";

const PAUSE_MS = 200; // between the last key and the search
const part = (form, name) => form.querySelector(`[data-start-${name}]`);
const formOf = (event) => event.target.closest?.("form[data-start]");

let typing = null;

/** onStarted({ url, words, draft }): the dialog that is now there to be opened. */
export function startDialogs({ onStarted }) {
  document.addEventListener("input", (event) => {
    const form = formOf(event);
    if (form && event.target === part(form, "to")) typed(form);
  });
  document.addEventListener("change", (event) => {
    const form = formOf(event);
    if (form && event.target === part(form, "way")) wayChosen(form);
  });
  document.addEventListener("keydown", onKey, true); // before the desk's own Escape
  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest?.("[data-start-people] [role=option]");
    if (!option) return;
    event.preventDefault(); // the field keeps the focus
    choose(option.closest("form"), option);
  });
  document.addEventListener("focusout", (event) => {
    const form = formOf(event);
    if (form && event.target === part(form, "to")) closePeople(form);
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-start]");
    if (!form) return;
    event.preventDefault();
    await send(form, onStarted);
  });
}

function onKey(event) {
  const form = formOf(event);
  if (!form || event.isComposing) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  if (event.target !== part(form, "to")) return;
  const box = part(form, "people");
  const options = [...box.querySelectorAll("[role=option]")];
  if (box.hidden || !options.length) {
    if (event.key === "Enter") event.preventDefault(); // a name half typed is not sent by accident
    if (event.key === "ArrowDown") find(form);
    return;
  }
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const step = event.key === "ArrowDown" ? 1 : -1;
    point(form, options[at < 0 && step < 0 ? options.length - 1 : (at + step + options.length) % options.length]);
  } else if (event.key === "Enter") {
    if (at >= 0) choose(form, options[at]);
  } else if (event.key === "Escape") {
    closePeople(form);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/* ---- to whom ---- */

function typed(form) {
  if (part(form, "client").value) {
    part(form, "client").value = "";
    part(form, "open").hidden = true;
    arrange(form);
  }
  clearTimeout(typing);
  typing = setTimeout(() => find(form), PAUSE_MS);
}

async function find(form) {
  const field = part(form, "to");
  const query = field.value.trim();
  if (query.length < 2) return closePeople(form);
  const answer = await get(`${form.dataset.peopleUrl}?q=${encodeURIComponent(query)}`);
  if (answer.kind !== "done" || !form.isConnected || field.value.trim() !== query || document.activeElement !== field) return;
  const box = part(form, "people");
  box.innerHTML = answer.html;
  box.hidden = !box.querySelector("[role=option]");
  field.setAttribute("aria-expanded", String(!box.hidden));
  field.removeAttribute("aria-activedescendant");
}

function closePeople(form) {
  clearTimeout(typing);
  part(form, "people").hidden = true;
  part(form, "to").setAttribute("aria-expanded", "false");
  part(form, "to").removeAttribute("aria-activedescendant");
}

function point(form, option) {
  for (const one of part(form, "people").querySelectorAll("[role=option]")) one.setAttribute("aria-selected", String(one === option));
  part(form, "to").setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function choose(form, option) {
  if (option.getAttribute("aria-disabled") === "true") return; // it says why
  const { client, name, connection, free, open } = option.dataset;
  part(form, "client").value = client;
  part(form, "client").dataset.free = open ? "1" : free;
  part(form, "to").value = name;
  part(form, "way").value = connection;
  const told = part(form, "open");
  told.textContent = told.dataset.words.replace("%s", open);
  told.hidden = !open;
  closePeople(form);
  arrange(form);
}

/* ---- through what: the help, the subject, a text or a template ---- */

function wayChosen(form) {
  if (part(form, "client").value) { // he is a client of another connection
    part(form, "client").value = part(form, "to").value = "";
    part(form, "open").hidden = true;
  }
  arrange(form);
}

function arrange(form) {
  const way = part(form, "way").selectedOptions[0]?.dataset ?? {};
  const help = part(form, "help");
  help.textContent = way.help ?? help.dataset.words;
  show(part(form, "subject"), way.address === "email");
  const client = part(form, "client");
  const byTemplate = way.templates === "1" && !(client.value && client.dataset.free === "1");
  show(part(form, "text"), !byTemplate);
  show(part(form, "templates"), byTemplate);
  if (byTemplate) listTemplates(form);
}

function show(node, on) {
  node.hidden = !on;
  if (node instanceof HTMLFieldSetElement) node.disabled = !on;
  else for (const field of node.querySelectorAll("input")) field.disabled = !on;
}

async function listTemplates(form) {
  const box = form.querySelector("[data-start-templates-box]");
  const query = new URLSearchParams({ connection: part(form, "way").value, client: part(form, "client").value });
  if (box.dataset.shown === String(query)) return;
  box.dataset.shown = String(query);
  box.setAttribute("aria-busy", "true"); // the provider may have to be asked
  const answer = await get(`${form.dataset.templatesUrl}?${query}`);
  if (box.dataset.shown !== String(query)) return;
  box.removeAttribute("aria-busy");
  box.innerHTML = answer.kind === "done" ? answer.html : "";
  if (answer.kind !== "done") {
    delete box.dataset.shown;
    showProblem(problem(answer));
  }
}

/* ---- sending ---- */

async function send(form, onStarted) {
  if (form.dataset.running) return;
  const uuid = form.elements.uuid;
  const content = () => JSON.stringify([...new FormData(form)].filter(([name]) => name !== "uuid" && name !== "csrfmiddlewaretoken"));
  if (form.dataset.sent && form.dataset.sent !== content()) uuid.value = newUuid(); // unchanged it may have arrived: the same one again
  form.dataset.sent = content();
  form.dataset.running = "1";
  const button = form.querySelector(".dialog__foot .btn--primary");
  button.setAttribute("aria-busy", "true");
  const answer = await post(form.action, new FormData(form));
  delete form.dataset.running;
  button.removeAttribute("aria-busy");
  if (answer.kind !== "done") {
    showProblem(problem(answer));
    form.querySelector(".dialog__body").scrollTop = 0;
    return;
  }
  if (form.isConnected) closeWindow();
  onStarted(answer.data);
}
