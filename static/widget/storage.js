/* What the browser keeps for us. In a stranger's page storage may be forbidden: then it lasts as long as the page. */

export function openStore(name, kind = "localStorage") {
  const prefix = `chat:${name}:`;
  const memory = new Map();
  let storage = null;
  try {
    storage = window[kind];
    storage.setItem(`${prefix}try`, "1");
    storage.removeItem(`${prefix}try`);
  } catch {
    storage = null;
  }
  return {
    isLasting: storage !== null,
    get(key) {
      try {
        return (storage && storage.getItem(prefix + key)) ?? memory.get(key) ?? null;
      } catch {
        return memory.get(key) ?? null;
      }
    },
    set(key, value) {
      memory.set(key, value);
      try {
        storage?.setItem(prefix + key, value);
      } catch {
        /* full: this page still knows */
      }
    },
    remove(key) {
      memory.delete(key);
      try {
        storage?.removeItem(prefix + key);
      } catch {
        /* forbidden meanwhile */
      }
    },
    keys(start) {
      const kept = [...memory.keys()];
      try {
        for (const key of Object.keys(storage ?? {})) if (key.startsWith(prefix)) kept.push(key.slice(prefix.length));
      } catch {
        /* forbidden meanwhile */
      }
      return [...new Set(kept)].filter((key) => key.startsWith(start));
    },
  };
}

/** crypto.randomUUID exists on https and localhost only. */
export function newUuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
