/* The words that scripts say stand in the page (templates/workspace/_strings.html), translated by the server. */

const source = document.querySelector("[data-strings]");

export function say(name, value = "") {
  return (source?.dataset[name] ?? "").replace("%s", value);
}

/** What to tell the person about an answer that was not "done" (requests.js). lost: the words where there is no connection. */
export function problem(answer, { lost = "noConnection" } = {}) {
  if (answer.words) return answer.words;
  if (answer.kind === "lost") return say(lost);
  if (answer.kind === "gone") return say("gone");
  if (answer.kind === "too-big") return say("tooBig");
  return say("failed");
}
