// Reads and changes single values of a specification's text; everything else in it, comments too, stays as its author wrote it.
import { pointersOf } from './pointers.js';

/** The value at a JSON Pointer; undefined if there is none, or none that can be read. @param {string} text @param {string} pointer */
export function valueAt(text, pointer) {
  const place = pointersOf(text).get(pointer);
  try {
    return place && JSON.parse(text.slice(place.value, place.end));
  } catch {
    return undefined;
  }
}

/** The text with a value at a JSON Pointer, and with the objects around it. @param {string} text @param {string} pointer @param {unknown} value @returns {string} */
export function withValue(text, pointer, value) {
  const place = pointersOf(text).get(pointer);
  if (place) return text.slice(0, place.value) + JSON.stringify(value) + text.slice(place.end);
  const cut = pointer.lastIndexOf('/');
  const [parent, name] = [pointer.slice(0, cut), pointer.slice(cut + 1).replaceAll('~1', '/').replaceAll('~0', '~')];
  const around = pointersOf(text).get(parent);
  if (!around || text[around.value] !== '{') return parent === '' ? `{\n  ${JSON.stringify(name)}: ${JSON.stringify(value)}\n}\n` : withValue(text, parent, { [name]: value });
  return inserted(text, around, JSON.stringify(name), JSON.stringify(value));
}

/** The text without the member at a JSON Pointer, and without the comma that parted it from the others. @param {string} text @param {string} pointer @returns {string} */
export function withoutValue(text, pointer) {
  const place = pointersOf(text).get(pointer);
  if (!place) return text;
  const after = /^\s*,/.exec(text.slice(place.end))?.[0].length ?? 0;
  const before = after ? 0 : /,\s*$/.exec(text.slice(0, place.start))?.[0].length ?? 0;
  const from = place.start - before;
  const end = place.end + after;
  const line = /\n[ \t]*$/.exec(text.slice(0, from)); // a line that is left empty goes, too
  return line && after ? text.slice(0, line.index) + text.slice(end) : text.slice(0, from) + text.slice(end).replace(after ? /^[ \t]+/ : '', '');
}

/** A member at the end of an object, in a line of its own if the object has lines; an object that is not closed stays as it is. */
function inserted(text, object, name, value) {
  const close = object.end - 1;
  if (text[close] !== '}') return text;
  const last = Math.max(object.value + 1, ...[...pointersOf(text).values()].filter(({ start, end }) => start > object.value && end <= close).map(({ end }) => end));
  const comma = last === object.value + 1 || /^\s*,/.test(text.slice(last, close)) ? '' : ',';
  const body = `${text.slice(0, last)}${comma}${text.slice(last, close).trimEnd()}`;
  const indent = /\n([ \t]*)$/.exec(text.slice(0, close));
  return indent ? `${body}\n${indent[1]}  ${name}: ${value}\n${indent[1]}${text.slice(close)}` : `${body} ${name}: ${value} ${text.slice(close)}`;
}
