// Two runs side by side: numbers, what their specifications do not share, curves over each other.
import { html } from '../vendor/lit-html.js';
import { get } from '../api.js';
import { poll } from '../poll.js';
import { Metrics } from '../metrics.js';
import { charts } from '../charts.js';
import { count, figure, percent, spanOf } from '../format.js';
/** @import * as Api from '../openapi' */
import { badge, isAlive, problem, standing, table } from '../parts.js';
import { epochTable } from '../evaluations.js';

/** @typedef {{ id: string, metrics: Metrics, details: Api.RunDetails | null, spec: Api.RunSpec | null, epochs: Api.EpochEvaluations[] }} Side */

const paints = ['--student', '--student-without-teacher'];

export function compareView(page, ...ids) {
  page.title('Compare');
  ids = ids.filter(Boolean);
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
      runs = (await get('runs?limit=100')).runs;
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
    const form = new FormData(event.target);
    location.hash = `#/compare/${['first', 'second'].map((side) => encodeURIComponent(String(form.get(side)))).join('/')}`;
  }

  const picker = (name, label, id) => html`<label>${label} <select name=${name} required>
    <option value="" ?selected=${!id}>choose a run</option>
    ${[...new Set([...(id ? [id] : []), ...runs.map((run) => run.runId)])].map((runId) => html`<option value=${runId} ?selected=${runId === id}>${runId}</option>`)}</select></label>`;

  function draw() {
    page.draw(html`<h1>Compare two runs</h1>
      <form class="bar" @submit=${choose}>${picker('first', 'First', ids[0])} ${picker('second', 'Second', ids[1])} <button>Compare</button></form>
      ${error ? problem(error) : ''}
      ${sides.length === 2 && sides.every((side) => side.spec) ? comparison(sides) : ''}`);
  }

  draw();
  return poll(read, 3000);
}

/** @param {Side[]} sides */
function comparison(sides) {
  const last = sides.map((side) => side.epochs.at(-1)?.distilled);
  const rate = sides.map((side) => side.metrics.columns.tokensPerSecond.at(-1));
  const rows = [
    ['State', ...sides.map((side) => badge(side.details.status.state))],
    ['Stands at', ...sides.map((side) => standing(side.details.status))],
    ['Time', ...sides.map(({ details: { status } }) => spanOf(status.startedAt, isAlive(status) ? Date.now() : status.updatedAt))],
    ['Steps', ...sides.map((side) => count(side.metrics.steps.length))],
    ['Latest loss', ...sides.map((side) => figure(side.metrics.columns.loss.at(-1)))],
    ['Training speed, tokens/s', ...rate.map(figure)],
    ['Student’s perplexity', ...best(last.map((evaluation) => evaluation?.student.perplexity))],
    ['Teacher’s perplexity', ...last.map((evaluation) => figure(evaluation?.teacher?.perplexity))],
    ['KL from the teacher', ...best(last.map((evaluation) => evaluation?.kl))],
    ['Same first choice', ...last.map((evaluation) => percent(evaluation?.top1Agreement))],
    ...tasksOf(last).map((name) => [`Task ${name}, acc_norm`, ...last.map((evaluation) => percent(evaluation?.tasks?.find((task) => task.name === name)?.student.accNorm.value))]),
  ];
  const names = sides.map((side) => html`<a href=${`#/runs/${encodeURIComponent(side.id)}`}>${side.id}</a>`);
  const differences = differencesOf(sides[0].spec, sides[1].spec);
  return html`
    <section aria-labelledby="numbers"><h2 id="numbers">Numbers</h2>${table('Both runs; the lower of two is marked', ['Of each run', ...names], rows)}</section>
    <section aria-labelledby="differences"><h2 id="differences">What was asked differently</h2>${differences.length === 0 ? html`<p class="note">Nothing: both specifications say the same.</p>`
      : table('Fields of the specification that differ', ['Field', ...sides.map((side) => side.id)], differences.map(([field, ...values]) => [html`<code>${field}</code>`, ...values.map(show)]))}</section>
    <section aria-labelledby="curves"><h2 id="curves">Curves</h2>${charts(sides.map((side, index) => ({ label: side.id, metrics: side.metrics, paint: paints[index] })))}</section>
    <section aria-labelledby="epochs"><h2 id="epochs">Epochs</h2><div class="columns">${sides.map((side) => html`<div>${side.epochs.length > 0 ? epochTable(side.epochs, side.id) : html`<p class="note">${side.id} has no evaluation yet.</p>`}</div>`)}</div></section>`;
}

/** @param {(Api.EvaluationResult | null | undefined)[]} evaluations */
const tasksOf = (evaluations) => [...new Set(evaluations.flatMap((evaluation) => (evaluation?.tasks ?? []).map((task) => task.name)))];

/** The lower of two numbers marked. */
function best(values) {
  const known = values.filter((value) => Number.isFinite(value));
  return values.map((value) => known.length === 2 && known[0] !== known[1] && value === Math.min(...known) ? html`<b>${figure(value)} <span aria-label="lower">▾</span></b>` : figure(value));
}

const show = (value) => value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value);

/** Fields by their path that are not the same in both; a list is one value. */
export function differencesOf(first, second, path = '') {
  const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
  return [...new Set([...Object.keys(first), ...Object.keys(second)])].filter((name) => name !== '$schema').flatMap((name) => {
    const [left, right, field] = [first[name], second[name], path ? `${path}.${name}` : name];
    if (isObject(left) && isObject(right)) return differencesOf(left, right, field);
    return JSON.stringify(left) === JSON.stringify(right) ? [] : [[field, left, right]];
  });
}
