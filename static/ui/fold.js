/* A text in small letters without marks, for lists that are searched in the browser: as contactcenter/lib/folding.py. */

const LETTERS = { ł: "l", đ: "d", ð: "d", ø: "o", ħ: "h", ı: "i", ŧ: "t", ŋ: "n", æ: "ae", œ: "oe", ß: "ss", þ: "th" };
const SIGNS = [[/[’‘‛ʼʹ′´`]/g, "'"], [/[‐‑‒–—―−]/g, "-"], [/[„“”«»″]/g, '"'], [/ς/g, "σ"], [/\p{Cf}/gu, ""]];

export function fold(text) {
  const plain = text.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "").replace(/[łđðøħıŧŋæœßþ]/g, (letter) => LETTERS[letter]);
  return SIGNS.reduce((folded, [sign, replacement]) => folded.replace(sign, replacement), plain);
}
