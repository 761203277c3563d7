/* What the visitor has written and the server does not have yet: kept over a reload, sent in order, tried again with
   the same UUID, by which the server knows a message it has already. */

const WAIT_MS = { first: 2_000, longest: 30_000 };
const KEY = "unsent:";

/** send(entry) promises the server's answer; onChange(entry), onSent(entry, answer), onDrop(entry), onProblem(problem, entry) */
export class Outbox {
  #entries = [];
  #busy = false;
  #failures = 0;
  #timer = 0;

  constructor({ store, send, onChange, onSent, onDrop, onProblem }) {
    Object.assign(this, { store, send, onChange, onSent, onDrop, onProblem });
    addEventListener("online", () => this.run());
  }

  /** Take up what an earlier page left; files cannot be kept. */
  restore(words) {
    for (const key of this.store.keys(KEY)) {
      try {
        const { uuid, text, at, hadFiles } = JSON.parse(this.store.get(key));
        const lost = hadFiles ? { state: "refused", problem: words.filesLost } : { state: "waiting" };
        if (!this.#find(uuid)) this.#entries.push({ uuid, text, at, files: [], ...lost });
      } catch {
        this.store.remove(key);
      }
    }
    this.#entries.sort((a, b) => a.at - b.at);
    this.#entries.forEach((entry) => this.onChange(entry));
    this.run();
  }

  get isEmpty() {
    return !this.#entries.length;
  }

  add(entry) {
    this.#entries.push(entry);
    this.#keep(entry);
    this.onChange(entry);
    this.run();
  }

  retry(uuid) {
    const entry = this.#find(uuid);
    if (!entry || entry.state === "sending") return;
    entry.state = "waiting";
    this.run();
  }

  drop(uuid) {
    const entry = this.#find(uuid);
    if (!entry || entry.state === "sending") return;
    this.#forget(entry);
    this.onDrop(entry);
  }

  /** The server has it, whatever became of the answer to the request. */
  confirm(uuid) {
    const entry = this.#find(uuid);
    if (entry) this.#forget(entry);
  }

  /** Send what waits; does nothing while it is at it. */
  async run() {
    if (this.#busy) return;
    this.#busy = true;
    clearTimeout(this.#timer);
    let entry;
    while ((entry = this.#entries.find(({ state }) => state === "waiting"))) {
      entry.state = "sending";
      this.onChange(entry);
      try {
        const answer = await this.send(entry);
        this.#failures = 0;
        if (this.#find(entry.uuid)) this.#forget(entry);
        this.onSent(entry, answer);
      } catch (problem) {
        if (!this.#find(entry.uuid)) continue; // it had come all the same
        const again = this.#failed(entry, problem);
        this.onChange(entry);
        this.onProblem(problem, entry);
        if (!again) break;
      }
    }
    this.#busy = false;
  }

  /** True: go on with the next one at once. */
  #failed(entry, problem) {
    entry.problem = problem.message ?? "";
    if (problem.isFinal || problem.status === 410) {
      entry.state = "refused";
      return true;
    }
    entry.state = "waiting";
    entry.hasFailed = true;
    const wait = Math.min(WAIT_MS.first * 2 ** this.#failures++, WAIT_MS.longest);
    this.#timer = setTimeout(() => this.run(), Math.max(wait, problem.wait ?? 0));
    return false;
  }

  #find(uuid) {
    return this.#entries.find((entry) => entry.uuid === uuid);
  }

  #keep({ uuid, text, at, files }) {
    this.store.set(KEY + uuid, JSON.stringify({ uuid, text, at, hadFiles: files.length > 0 }));
  }

  #forget(entry) {
    this.#entries.splice(this.#entries.indexOf(entry), 1);
    this.store.remove(KEY + entry.uuid);
  }
}
