// The specification's fields as a form, made from its schema: what a field means, its default, and its value in the text beside it.
import { html } from '../vendor/lit-html.js';
import { valueAt, withoutValue, withValue } from '../edits.js';

/**
 * @param {Record<string, any>} fields properties of the schema
 * @param {string} text the specification
 * @param {(text: string) => void} write takes the changed specification
 * @param {string} [at] JSON Pointer of the object that has the fields
 */
export const form = (fields, text, write, at = '') => html`<dl class="fields">${Object.entries(fields).filter(([name]) => name !== '$schema').map(([name, field]) => html`<div>
  <dt><code>${name}</code>${field.default === undefined ? '' : html` <span class="note">${JSON.stringify(field.default)}</span>`}</dt>
  <dd>${control(`${at}/${name}`, field, text, write)}${field.description}${field.enum ? html` <span class="note">One of ${field.enum.join(', ')}.</span>` : ''}
    ${field.properties ? html`<details ?open=${at === '' && ['teacher', 'dataset'].includes(name)}><summary>Fields of ${name}</summary>${form(field.properties, text, write, `${at}/${name}`)}</details>` : ''}</dd></div>`)}</dl>`;

/** An input for a value that is no object; lists of texts and numbers have a line for each. */
function control(pointer, field, text, write) {
  const types = [field.type].flat();
  const value = valueAt(text, pointer);
  const set = (changed) => write(changed === undefined ? withoutValue(text, pointer) : withValue(text, pointer, changed));
  const name = pointer.slice(1).replaceAll('/', '.');
  const standard = field.default === undefined ? '' : `default: ${typeof field.default === 'string' ? field.default : JSON.stringify(field.default)}`;
  if (field.enum || types.includes('boolean')) {
    const choices = field.enum ?? [true, false];
    return html`<select aria-label=${name} @change=${(event) => set(event.target.value === '' ? undefined : choices[Number(event.target.value)])}>
      <option value="" ?selected=${value === undefined}>${standard || 'not set'}</option>${choices.map((choice, index) => html`<option value=${index} ?selected=${value === choice}>${String(choice)}</option>`)}</select>`;
  }
  if (types.includes('integer') || types.includes('number')) {
    return html`<input type="number" step=${types.includes('integer') ? 1 : 'any'} min=${field.minimum ?? ''} max=${field.maximum ?? ''} aria-label=${name} placeholder=${standard} .value=${value ?? ''}
      @change=${(event) => set(event.target.value === '' ? undefined : Number(event.target.value))}>`;
  }
  if (types.includes('string')) {
    return html`<input aria-label=${name} placeholder=${standard} .value=${value ?? ''} @change=${(event) => set(event.target.value === '' ? undefined : event.target.value)}>`;
  }
  if (types.includes('array') && ['string', 'integer'].includes(field.items?.type)) {
    const read = (lines) => lines.split('\n').map((line) => line.trim()).filter(Boolean).map((line) => (field.items.type === 'integer' ? Number(line) : line));
    return html`<textarea class="list" rows="2" aria-label=${`${name}, one a line`} .value=${(value ?? []).join?.('\n') ?? ''}
      @change=${(event) => set(event.target.value.trim() === '' ? undefined : read(event.target.value))}></textarea>`;
  }
  return '';
}
