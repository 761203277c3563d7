/* A list of canned replies: a reply or a section goes up or down without a reload, and the focus stays on its button. */

const box = document.querySelector("[data-replies]");
const said = document.querySelector("[data-said]");

box.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (!event.target.matches("[data-order]") || !button) return;
  event.preventDefault();
  const form = new FormData(event.target, button);
  const [value, name, moved] = [button.value, button.dataset.name, event.target.dataset.moved];
  button.setAttribute("aria-busy", "true");
  let answer;
  try {
    answer = await fetch(location.pathname, { method: "POST", body: form, headers: { "X-Requested-With": "fetch" } });
  } catch {
    return location.reload(); // no connection: the browser says so better
  }
  if (!answer.ok || answer.redirected) return location.reload();
  box.innerHTML = await answer.text();
  const again = box.querySelector(`button[value="${CSS.escape(value)}"]`);
  (again?.disabled ? again.parentElement.querySelector("button:enabled") : again)?.focus();
  again?.closest(".ol-reply, .ol-replies")?.scrollIntoView({ block: "nearest" });
  said.textContent = moved.replace("%s", name);
});

box.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens-edit]");
  if (opener) document.getElementById(opener.dataset.opensEdit).showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
});
