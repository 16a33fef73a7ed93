// Finds where in a JSON text (comments and trailing commas allowed, as in specifications) each value stands.

/**
 * @param {string} text
 * @returns {Map<string, { start: number, value: number, end: number }>} by JSON Pointer: where the value stands (from `value`), for a member of an object with
 * its name (from `start`); as far as the text can be read
 */
export function pointersOf(text) {
  const places = new Map();
  let at = 0;

  const skip = () => {
    const gap = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
    gap.lastIndex = at;
    at += gap.exec(text)[0].length;
  };
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found?.[0] ?? null;
  };
  const string = () => take(/"(?:[^"\\\n]|\\.)*"/y);
  const escaped = (name) => name.replaceAll('~', '~0').replaceAll('/', '~1');

  /** Reads items up to the closing bracket. */
  function list(close, item) {
    at++;
    for (skip(); at < text.length && text[at] !== close; skip()) {
      if (!item()) return false;
      skip();
      if (text[at] === ',') at++;
    }
    at++;
    return true;
  }

  function value(pointer, start = at) {
    const from = at;
    let whole;
    if (text[at] === '{') {
      whole = list('}', () => {
        const from = at;
        const name = string();
        if (name === null) return false;
        skip();
        if (text[at] !== ':') return false;
        at++;
        skip();
        return value(`${pointer}/${escaped(nameOf(name))}`, from);
      });
    } else if (text[at] === '[') {
      let index = 0;
      whole = list(']', () => value(`${pointer}/${index++}`));
    } else {
      whole = (string() ?? take(/[^\s,\]}/]+/y)) !== null;
    }
    places.set(pointer, { start, value: from, end: at });
    return whole;
  }

  skip();
  value('');
  return places;
}

/** The place of a pointer, or of the nearest thing around it that stands in the text. */
export function nearest(places, pointer) {
  while (!places.has(pointer) && pointer !== '') pointer = pointer.slice(0, pointer.lastIndexOf('/'));
  return places.get(pointer) ?? { start: 0, value: 0, end: 0 };
}

function nameOf(literal) {
  try {
    return JSON.parse(literal);
  } catch {
    return literal.slice(1, -1);
  }
}
