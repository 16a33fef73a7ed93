// Starts a run: a specification is chosen or pasted, and what is wrong with it is shown at its line.
import { html } from '../vendor/lit-html.js';
import { get, post } from '../api.js';
import { bytes, count } from '../format.js';
import { table } from '../parts.js';
import { nearest, pointersOf } from '../pointers.js';
import { form } from './fields.js';
/** @import * as Api from '../openapi' */

const samples = [
  ['quickstart', 'Quick start: the sample teacher, minutes on two cores'],
  ['demo', 'Demo: the same at more length, with a baseline'],
  ['paper', 'The paper’s configuration: Qwen2.5-1.5B'],
  ['linearised-qwen2.5-0.5b', 'Attention replaced (linearised): Qwen2.5-0.5B'],
  ['linearised-qwen2.5-1.5b', 'Attention replaced (linearised): Qwen2.5-1.5B'],
  ['linearised-llama-3.2-1b', 'Attention replaced (linearised): Llama-3.2-1B'],
];
const least = `{
  "name": "mine",
  "teacher": { "path": "/models/my-teacher" },
  "dataset": { "sources": ["/texts/*.txt"] }
}
`;
const kept = 'distil-new-run';

/** Puts a text where the next visit of this page begins. @param {string} text */
export const keepSpecification = (text) => sessionStorage.setItem(kept, text);

export function newView(page) {
  page.title('New run');
  let text = sessionStorage.getItem(kept) ?? least;
  let wrong = null; // { message, errors: [{ message, line, start, end }] }
  let busy = '';
  /** @type {Api.RunPlan | null} */
  let plan = null;
  let key = newKey();
  let fields = null;
  let offered = { folder: null, names: [] };

  const area = () => /** @type {HTMLTextAreaElement} */ (document.getElementById('spec-text'));

  function write(changed) {
    text = changed;
    key = newKey(); // another text is another run
    plan = null;
    keepSpecification(text);
    draw();
  }

  async function choose(event) {
    const name = event.target.value;
    if (name === '') return;
    write(name === 'least' ? least : placedIn(offered.folder, await (await sampleFile(`${name}.json`)).text()));
    wrong = null;
    draw();
    area().focus();
  }

  /** Sends the text, and shows what the server finds wrong in it. */
  async function send(what, action) {
    [busy, wrong] = [what, null];
    draw();
    try {
      await action();
    } catch (error) {
      wrong = { message: error.status === undefined ? 'The server did not answer; the same text can be sent again.' : error.message, errors: placed(error.errors ?? [], text) };
    }
    busy = '';
    draw();
    if (wrong) document.getElementById('wrong').focus();
  }

  function start(event) {
    event.preventDefault();
    send('start', async () => {
      /** @type {Api.SubmittedRun} */
      const run = await post('runs', text, { 'Idempotency-Key': key });
      sessionStorage.removeItem(kept);
      location.hash = `#/runs/${encodeURIComponent(run.runId)}`;
    });
  }

  const showPlan = () => send('plan', async () => { plan = await post('plan', text); });

  function goTo({ start: from, end }) {
    area().focus();
    area().setSelectionRange(from, end);
    area().scrollTop = (lineOf(text, from) - 4) * parseFloat(getComputedStyle(area()).lineHeight);
  }

  function draw() {
    page.draw(html`<h1>New run</h1><div class="beside"><div>
      <form @submit=${start}>
        <p class="bar"><label>Begin with <select @change=${choose}><option value="">what is below</option><option value="least">the least that a run needs</option>
          ${samples.filter(([name]) => offered.names.includes(name)).map(([name, label]) => html`<option value=${name}>${label}</option>`)}</select></label></p>
        ${wrong === null ? '' : html`<div id="wrong" class="panel bad" role="alert" tabindex="-1">
          <h2>${wrong.errors.length > 0 ? `Not started: ${wrong.errors.length === 1 ? 'one field does' : `${wrong.errors.length} fields do`} not fit` : 'Not started'}</h2>
          ${wrong.errors.length === 0 ? html`<p class="text">${wrong.message}</p>` : html`<ul>${wrong.errors.map((error) => html`<li><span class="text">${error.message}</span>
            <button type="button" class="quiet" @click=${() => goTo(error)}>line ${error.line}</button></li>`)}</ul>`}
        </div>`}
        <label for="spec-text">Specification (JSON; comments are allowed)</label>
        <div class="editor">
          <pre class="gutter" aria-hidden="true">${gutter(text, wrong?.errors ?? [])}</pre>
          <textarea id="spec-text" spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off" rows="22" .value=${text}
            aria-invalid=${wrong ? 'true' : 'false'} aria-describedby=${wrong ? 'wrong' : 'spec-note'}
            @input=${(event) => write(event.target.value)} @scroll=${(event) => { event.target.previousElementSibling.scrollTop = event.target.scrollTop; }}></textarea>
        </div>
        <p id="spec-note" class="note">Paths are the server’s; relative ones count from the folder that it was started in. What is left out has the default below.</p>
        <p class="bar"><button class="primary" ?disabled=${busy}>${busy === 'start' ? 'Planning…' : 'Start the run'}</button>
          <button type="button" ?disabled=${busy} @click=${showPlan}>${busy === 'plan' ? 'Planning…' : 'Show the plan'}</button></p>
      </form>
      ${plan === null ? '' : html`<section aria-labelledby="plan"><h2 id="plan">What this run would take</h2>${planTable(plan)}</section>`}</div>
      ${fields === null ? '' : html`<section aria-labelledby="fields"><h2 id="fields">Fields</h2><p class="note">A value that is set here is written into the specification; an empty one is left out of it.</p>${form(fields, text, write)}</section>`}</div>`);
  }

  draw();
  sampleFile('index.json').then((answer) => answer.json()).then((index) => { offered = index; draw(); }, (error) => console.warn('no samples:', error.message));
  get('schema').then((schema) => { fields = schema.properties; draw(); }, (error) => console.warn('no field reference:', error.message));
}

/** The plan's numbers, each with where it comes from. @param {Api.RunPlan} plan */
function planTable(plan) {
  const figures = /** @type {[string, any][]} */ (Object.entries(plan)).filter(([, value]) => typeof value?.value === 'number');
  return html`${table('Numbers of the plan', ['', 'Value', 'From'], figures.map(([name, figure]) => [words(name), figure.unit === 'bytes' ? bytes(figure.value) : `${count(figure.value)} ${figure.unit}`, html`<span class="from">${figure.from}</span>`]))}
    ${(plan.warnings ?? []).map((warning) => html`<p class="note"><strong>Warning:</strong> <span class="text">${warning}</span></p>`)}`;
}

/** checkpointBytes: Checkpoint bytes. */
const words = (name) => name.replace(/^./, (letter) => letter.toUpperCase()).replace(/[A-Z]/g, (letter, at) => (at ? ` ${letter.toLowerCase()}` : letter));

/** Line numbers; a line with a fault is marked. */
function gutter(text, errors) {
  const bad = new Set(errors.map((error) => error.line));
  return text.split('\n').map((_, index) => html`<span class=${bad.has(index + 1) ? 'fault' : ''}>${bad.has(index + 1) ? '✕ ' : ''}${index + 1}
</span>`);
}

const lineOf = (text, at) => text.slice(0, at).split('\n').length;

/**
 * @param {Api.FieldError[]} errors
 * @param {string} text
 */
function placed(errors, text) {
  const places = pointersOf(text);
  return errors.map(({ pointer, message }) => {
    const place = nearest(places, pointer);
    return { message, ...place, line: lineOf(text, place.start) };
  });
}

const sampleFile = (name) => fetch(new URL(`samples/${name}`, document.baseURI));

/** A sample with its relative paths made absolute: they count from its folder on the server, null where none of it has such paths. */
function placedIn(folder, sample) {
  const inFolder = JSON.stringify(`${folder}/`).slice(1, -1);
  sample = sample.replace(/"\.\.\/schemas\/[^"]*"/, () => JSON.stringify(new URL('api/schema', document.baseURI).href));
  const places = pointersOf(sample);
  const isPath = (pointer) => /^\/(teacher\/path|dataset\/(evalSources|sources)\/\d+|evaluation\/tasks\/\d+\/(path|shotsPath))$/.test(pointer);
  return [...places].filter(([pointer]) => isPath(pointer)).sort(([, a], [, b]) => b.start - a.start).reduce((text, [, { end }]) => {
    const start = text.lastIndexOf('"', end - 2) + 1;
    return text.slice(start, end - 1).match(/^(\/|[a-z]+:\/\/)/) ? text : `${text.slice(0, start)}${inFolder}${text.slice(start)}`;
  }, sample);
}

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
