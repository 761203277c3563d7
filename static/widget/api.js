/* The server's answers. A Problem has the server's own words where it gave any; status 0: it was not reached. */

export class Problem extends Error {
  constructor({ status = 0, code = "", message = "", wait = 0 }) {
    super(message);
    Object.assign(this, { status, code, wait });
  }

  /** The same request again cannot do better. */
  get isFinal() {
    return [400, 403, 409, 413, 422].includes(this.status);
  }
}

const PATIENCE_MS = 20_000;
const UPLOAD_PATIENCE_MS = 300_000;

export function openApi({ base, language, store, recall, onToken }) {
  async function ask(path, { method = "GET", json, form, query, patience = PATIENCE_MS, keepalive = false } = {}) {
    const headers = { "Accept-Language": language };
    const token = store.get("token");
    if (token) headers["X-Chat-Token"] = token;
    if (json) headers["Content-Type"] = "application/json";
    const address = base + path + (query ? `?${new URLSearchParams(query)}` : "");
    let answer;
    let content = null;
    try {
      answer = await fetch(address, {
        method, headers, keepalive, cache: "no-store", credentials: "same-origin",
        body: json ? JSON.stringify(json) : form, signal: AbortSignal.timeout?.(patience),
      });
      if (answer.status !== 204) content = await answer.json();
    } catch {
      throw new Problem({ status: answer && !answer.ok ? answer.status : 0 });
    }
    if (answer.ok) return content;
    const wait = Number(answer.headers.get("Retry-After")) * 1000 || 0;
    throw new Problem({ status: answer.status, code: content?.error, message: content?.message, wait });
  }

  let opening = null;

  /** One at a time: two would make two visitors of one, and the later answer would take his first words from him. */
  function session() {
    opening ??= open().finally(() => (opening = null));
    return opening;
  }

  async function open() {
    await recall();
    const answer = await ask("session/", { method: "POST", json: {} });
    store.set("token", answer.token);
    onToken(answer.token);
    return answer;
  }

  /** Nothing is sent before we know who he is; what he writes meanwhile waits. */
  async function send(message) {
    if (!store.get("token")) await session();
    return post(message);
  }

  function post({ uuid, text, files, page }) {
    const values = { uuid, text, page, language };
    if (!files.length) return ask("messages/", { method: "POST", json: values });
    const form = new FormData();
    for (const [name, value] of Object.entries(values)) form.append(name, value);
    for (const file of files) form.append("files", file, file.name);
    return ask("messages/", { method: "POST", form, patience: UPLOAD_PATIENCE_MS });
  }

  return {
    session,
    send,
    ticket: async () => (await ask("ticket/", { method: "POST", json: {} })).ticket,
    news: (since) => ask("messages/", { query: { since } }),
    earlier: (before) => ask("messages/", { query: { before } }),
    typing: (text) => ask("typing/", { method: "POST", json: { text } }),
    consent: (values) => ask("consent/", { method: "POST", json: { ...values, language } }),
    rate: (values) => ask("rating/", { method: "POST", json: values }),
    seen: (dialog, seq, read) => ask("seen/", { method: "POST", json: { dialog, seq, read }, keepalive: true }),
  };
}
