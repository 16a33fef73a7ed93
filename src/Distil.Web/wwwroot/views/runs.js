// All runs: found by name and state, sorted, chosen to compare.
import { html } from '../vendor/lit-html.js';
import { get } from '../api.js';
import { poll } from '../poll.js';
import { figure, nameOf } from '../format.js';
/** @import * as Api from '../openapi' */
import { badge, problem, standing, states, times } from '../parts.js';

const mostCompared = 6;
const pageSize = 50;

/** @param {Api.RunStatus} run */
const length = (run) => new Date(run.updatedAt).getTime() - new Date(run.startedAt).getTime();
/** @type {Record<string, (first: Api.RunStatus, second: Api.RunStatus) => number>} */
const orders = {
  'newest first': (first, second) => (first.runId < second.runId ? 1 : -1),
  'oldest first': (first, second) => (first.runId < second.runId ? -1 : 1),
  'by name': (first, second) => nameOf(first.runId).localeCompare(nameOf(second.runId)) || (first.runId < second.runId ? 1 : -1),
  'best perplexity first': (first, second) => (first.perplexity?.student ?? Infinity) - (second.perplexity?.student ?? Infinity) || 0,
  'longest first': (first, second) => length(second) - length(first),
};

export function runsView(page) {
  page.title('Runs');
  const chosen = new Set();
  const filter = { name: '', state: '' };
  let order = 'newest first';
  /** @type {Map<string, Api.RunStatus> | null} All that were read and are still there. */
  let runs = null;
  let next = null;
  let paged = false;
  let error = null;
  let typing;

  const pageOf = (token) => get(`runs?${new URLSearchParams({ limit: String(pageSize), ...(filter.name && { name: filter.name }), ...(filter.state && { state: filter.state }), ...(token && { continuationToken: token }) })}`);

  /** The newest; those of later pages stay as they were read. A run that is missing among the newest has been deleted, or is now in another state. */
  async function read() {
    const asked = { ...filter };
    try {
      /** @type {Api.RunPage} */
      const first = await pageOf(null);
      if (asked.name !== filter.name || asked.state !== filter.state) return; // another question is under way
      const oldest = first.continuationToken ? first.runs.at(-1)?.runId ?? '' : '';
      runs = new Map([...first.runs, ...[...runs?.values() ?? []].filter((run) => run.runId < oldest)].map((run) => [run.runId, run]));
      if (!paged) next = first.continuationToken ?? null;
      error = null;
    } catch (wrong) {
      error = wrong;
      throw wrong;
    } finally {
      draw();
    }
  }

  async function more() {
    paged = true;
    /** @type {Api.RunPage} */
    const following = await pageOf(next);
    for (const run of following.runs) runs.set(run.runId, run);
    next = following.continuationToken ?? null;
    draw();
  }

  function find(name, pause = 0) {
    return (event) => {
      clearTimeout(typing);
      filter[name] = event.target.value.trim();
      typing = setTimeout(() => {
        [runs, next, paged] = [null, null, false];
        end();
        end = poll(read, 3000);
      }, pause);
    };
  }

  function choose(runId, on) {
    on ? chosen.add(runId) : chosen.delete(runId);
    page.announce(`${chosen.size} runs chosen to compare`);
    draw();
  }

  const found = () => (runs === null ? html`<p class="note">${error ? '' : 'Reading…'}</p>`
    : runs.size === 0 ? (filter.name || filter.state ? html`<p class="lead">No run fits.</p>`
      : html`<p class="lead">There is no run yet. <a href="#/new">Start one</a>, here or with <code>./distil run SPEC</code>.</p>`)
      : html`<ul class="runs">${[...runs.values()].sort(orders[order]).map(row)}</ul>
        ${next ? html`<p><button @click=${more}>Older runs</button></p>` : ''}`);

  /** @param {Api.RunStatus} run */
  const row = (run) => html`<li class="panel">
    <h2><a href=${`#/runs/${encodeURIComponent(run.runId)}`}>${nameOf(run.runId)}<span class="id"> ${run.runId}</span></a></h2>
    ${badge(run.state)}
    <p>${run.perplexity ? html`perplexity <b>${figure(run.perplexity.student)}</b> <span class="note">teacher ${figure(run.perplexity.teacher)}</span>` : standing(run)}</p>
    <p class="note">${times(run)}</p>
    <label class="choose"><input type="checkbox" .checked=${chosen.has(run.runId)} ?disabled=${chosen.size === mostCompared && !chosen.has(run.runId)}
      @change=${(event) => choose(run.runId, event.target.checked)}> compare<span class="unseen"> ${run.runId}</span></label>
  </li>`;

  function draw() {
    const ids = [...chosen];
    page.draw(html`
      <div class="head"><h1>Runs</h1><a class="button" href="#/new">New run</a></div>
      ${error ? problem(error) : ''}
      <p class="bar">
        <label>Find <input type="search" placeholder="part of a name or id" .value=${filter.name} @input=${find('name', 300)}></label>
        <label>State <select @change=${find('state')}><option value="">any</option>${states.map((state) => html`<option>${state}</option>`)}</select></label>
        <label>Sort <select @change=${(event) => { order = event.target.value; draw(); }}>${Object.keys(orders).map((name) => html`<option>${name}</option>`)}</select></label>
        <a class="button quiet" aria-disabled=${ids.length >= 2 ? 'false' : 'true'} href=${`#/compare${ids.length >= 2 ? `/${ids.map(encodeURIComponent).join('/')}` : ''}`}>Compare</a>
        <span class="note">${ids.length < 2 ? `Choose 2 to ${mostCompared} runs to see them side by side.` : `${ids.length} chosen.`}</span></p>
      ${found()}`);
  }

  draw();
  let end = poll(read, 3000);
  return () => { clearTimeout(typing); end(); };
}
