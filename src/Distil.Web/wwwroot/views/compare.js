// Several runs side by side: numbers, what their specifications do not share, curves over each other.
import { html } from '../vendor/lit-html.js';
import { get } from '../api.js';
import { poll } from '../poll.js';
import { Metrics } from '../metrics.js';
import { charts, heldOutOf } from '../charts.js';
import { count, figure, percent, spanOf } from '../format.js';
/** @import * as Api from '../openapi' */
import { badge, isAlive, problem, standing, table } from '../parts.js';
import { epochTable } from '../evaluations.js';

/** @typedef {{ id: string, metrics: Metrics, details: Api.RunDetails | null, spec: Api.RunSpec | null, epochs: Api.EpochEvaluations[] }} Side */

const paints = ['--student', '--student-without-teacher', '--run-3', '--run-4', '--run-5', '--run-6'];

export function compareView(page, ...ids) {
  page.title('Compare');
  ids = ids.filter(Boolean).slice(0, paints.length);
  /** @type {Side[]} */
  const sides = ids.map((id) => ({ id, metrics: new Metrics(id), details: null, spec: null, epochs: [] }));
  /** @type {Api.RunStatus[]} */
  let runs = [];
  let error = null;

  /** @param {Side} side */
  async function readSide(side) {
    const path = (part) => `runs/${encodeURIComponent(side.id)}${part}`;
    side.details = await get(path(''));
    side.spec ??= await get(path('/spec'));
    await side.metrics.read();
    side.epochs = (await get(path('/epochs'))).epochs;
  }

  async function read() {
    try {
      runs = (await get('runs?limit=200')).runs;
      await Promise.all(sides.map(readSide));
      error = null;
      return sides.length < 2 || sides.some((side) => isAlive(side.details.status));
    } catch (wrong) {
      error = wrong;
      if (wrong.status === 404) return false;
      throw wrong;
    } finally {
      draw();
    }
  }

  function choose(event) {
    event.preventDefault();
    const wanted = new FormData(event.target).getAll('run').map(String).filter(Boolean);
    location.hash = `#/compare/${wanted.map(encodeURIComponent).join('/')}`;
  }

  const picker = (id, index) => html`<label>Run ${index + 1} <select name="run">
    <option value="" ?selected=${!id}>${index < 2 ? 'choose a run' : 'none'}</option>
    ${[...new Set([...(id ? [id] : []), ...runs.map((run) => run.runId)])].map((runId) => html`<option value=${runId} ?selected=${runId === id}>${runId}</option>`)}</select></label>`;

  function draw() {
    const places = Math.min(paints.length, Math.max(2, ids.length + 1));
    page.draw(html`<h1>Compare runs</h1>
      <form class="bar" @submit=${choose}>${Array.from({ length: places }, (_, index) => picker(ids[index], index))} <button>Compare</button></form>
      ${error ? problem(error) : ''}
      ${sides.length >= 2 && sides.every((side) => side.spec) ? comparison(sides, draw) : ''}`);
  }

  draw();
  return poll(read, 3000);
}

/** @param {Side[]} sides @param {() => void} redraw */
function comparison(sides, redraw) {
  const last = sides.map((side) => side.epochs.at(-1)?.distilled);
  const rows = [
    ['State', ...sides.map((side) => badge(side.details.status.state))],
    ['Stands at', ...sides.map((side) => standing(side.details.status))],
    ['Time', ...sides.map(({ details: { status } }) => spanOf(status.startedAt, isAlive(status) ? Date.now() : status.updatedAt))],
    ['Steps', ...sides.map((side) => count(side.metrics.steps.length))],
    ['Latest loss', ...sides.map((side) => figure(side.metrics.latest('loss')))],
    ['Training speed, tokens/s', ...sides.map((side) => figure(side.metrics.latest('tokensPerSecond')))],
    ['Student’s perplexity', ...best(last.map((evaluation) => evaluation?.student.perplexity))],
    ['Teacher’s perplexity', ...last.map((evaluation) => figure(evaluation?.teacher?.perplexity))],
    ['KL from the teacher', ...best(last.map((evaluation) => evaluation?.kl))],
    ['Same first choice', ...last.map((evaluation) => percent(evaluation?.top1Agreement))],
    ...tasksOf(last).map((name) => [`Task ${name}, acc_norm`, ...last.map((evaluation) => percent(evaluation?.tasks?.find((task) => task.name === name)?.student.accNorm.value))]),
  ];
  const names = sides.map((side) => html`<a href=${`#/runs/${encodeURIComponent(side.id)}`}>${side.id}</a>`);
  const differences = differencesOf(sides.map((side) => side.spec));
  return html`
    <section aria-labelledby="numbers"><h2 id="numbers">Numbers</h2>${table('All runs; the lowest is marked', ['Of each run', ...names], rows)}</section>
    <section aria-labelledby="differences"><h2 id="differences">What was asked differently</h2>${differences.length === 0 ? html`<p class="note">Nothing: the specifications say the same.</p>`
      : table('Fields of the specification that differ', ['Field', ...sides.map((side) => side.id)], differences.map(([field, values]) => [html`<code>${field}</code>`, ...values.map(show)]))}</section>
    <section aria-labelledby="curves"><h2 id="curves">Curves</h2>${charts(sides.map((side, index) => ({ label: side.id, metrics: side.metrics, paint: paints[index], heldOut: heldOutOf(side.epochs) })), redraw)}</section>
    <section aria-labelledby="epochs"><h2 id="epochs">Epochs</h2>${sides.map((side) => side.epochs.length > 0 ? epochTable(side.epochs, side.id) : html`<p class="note">${side.id} has no evaluation yet.</p>`)}</section>`;
}

/** @param {(Api.EvaluationResult | null | undefined)[]} evaluations */
const tasksOf = (evaluations) => [...new Set(evaluations.flatMap((evaluation) => (evaluation?.tasks ?? []).map((task) => task.name)))];

/** The lowest of several numbers marked. */
function best(values) {
  const known = values.filter((value) => Number.isFinite(value));
  const lowest = Math.min(...known);
  return values.map((value) => value === lowest && known.some((other) => other !== lowest) ? html`<b>${figure(value)} <span aria-label="lowest">▾</span></b>` : figure(value));
}

const show = (value) => value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value);

/** Fields by their path that are not the same in all, with each one's value; a list is one value. */
export function differencesOf(specs, path = '') {
  const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
  return [...new Set(specs.flatMap(Object.keys))].filter((name) => name !== '$schema').flatMap((name) => {
    const [values, field] = [specs.map((spec) => spec[name]), path ? `${path}.${name}` : name];
    if (values.every(isObject)) return differencesOf(values, field);
    return new Set(values.map((value) => JSON.stringify(value))).size === 1 ? [] : [[field, values]];
  });
}
