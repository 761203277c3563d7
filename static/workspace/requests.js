/* Asking the server. Every answer is one of: done, refused (409, 422: with words for the person and a code), lost (no connection), gone (logged out), failed. */

function csrfToken() {
  // the cookie, not the page's field: it stays right when somebody logs in again in another tab
  const cookie = document.cookie.split("; ").find((pair) => pair.startsWith("csrftoken="));
  return cookie ? cookie.slice("csrftoken=".length) : (document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "");
}

let watcher = null; // { began(request), ended(request, kind) }

/** Who wants to know whether the server answers (connection.js). */
export function watchRequests(one) {
  watcher = one;
}

/** Returns { kind, html, words, status }; never throws but for an abort. */
async function ask(url, options) {
  const request = Symbol(url);
  let kind = "aborted";
  watcher?.began(request);
  try {
    const answer = await answerOf(url, options);
    kind = answer.kind;
    return answer;
  } finally {
    watcher?.ended(request, kind);
  }
}

const NO_SERVER = new Set([502, 503, 504]); // what stands before it, or the server without its database

async function answerOf(url, options) {
  let response;
  let body;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
    if (NO_SERVER.has(response.status)) return { kind: "lost", status: response.status };
    body = await bodyOf(response);
  } catch (error) {
    if (error.name === "AbortError" || error.name === "TimeoutError") throw error;
    return { kind: "lost" };
  }
  const toLogIn = response.redirected && new URL(response.url).pathname.startsWith("/login");
  if (toLogIn || response.status === 401) return { kind: "gone" };
  const isJson = isJsonIn(response);
  const words = isJson ? body.words : undefined;
  if (response.ok) return { kind: "done", html: isJson ? "" : body, data: isJson ? body : undefined, words, status: response.status };
  if (response.status === 409 || response.status === 422) return { kind: "refused", words, code: body.code, seq: body.seq, status: response.status };
  if (response.status === 413) return { kind: "too-big" };
  if (response.status === 403 || response.status === 404) return { kind: "not-yours", words, status: response.status };
  return { kind: "failed", words, status: response.status };
}

const isJsonIn = (response) => (response.headers.get("content-type") ?? "").includes("json");

function bodyOf(response) {
  if (response.status === 204) return "";
  return isJsonIn(response) ? response.json() : response.text();
}

export function get(url, { signal } = {}) {
  return ask(url, { headers: { "X-Requested-With": "fetch" }, signal });
}

export function post(url, form = new FormData(), { signal, keepalive } = {}) {
  form.delete("csrfmiddlewaretoken");
  const headers = { "X-CSRFToken": csrfToken(), "X-Requested-With": "fetch", Accept: "application/json, text/html" };
  return ask(url, { method: "POST", body: form, headers, signal, keepalive });
}

export function parse(html) {
  return new DOMParser().parseFromString(html, "text/html").body;
}
