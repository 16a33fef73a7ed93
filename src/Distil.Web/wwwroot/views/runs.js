// All runs, newest first.
import { html } from '../vendor/lit-html.js';
import { get } from '../api.js';
import { poll } from '../poll.js';
/** @import * as Api from '../openapi' */
import { badge, problem, standing, times } from '../parts.js';

export function runsView(page) {
  page.title('Runs');
  const chosen = new Set();
  /** @type {Api.RunStatus[] | null} */
  let runs = null;
  /** @type {Api.RunStatus[]} */
  let older = [];
  let next = null;
  let error = null;

  async function read() {
    try {
      /** @type {Api.RunPage} */
      const first = await get('runs?limit=50');
      runs = first.runs;
      if (older.length === 0) next = first.continuationToken ?? null;
      error = null;
    } catch (wrong) {
      error = wrong;
      throw wrong;
    } finally {
      draw();
    }
  }

  async function more() {
    /** @type {Api.RunPage} */
    const following = await get(`runs?limit=50&continuationToken=${encodeURIComponent(next)}`);
    older = [...older, ...following.runs];
    next = following.continuationToken ?? null;
    draw();
  }

  function choose(runId, on) {
    on ? chosen.add(runId) : chosen.delete(runId);
    page.announce(`${chosen.size} of 2 runs chosen to compare`);
    draw();
  }

  function draw() {
    if (runs === null) return page.draw(error ? problem(error) : html`<h1>Runs</h1><p class="note">Reading…</p>`);
    const known = new Set(runs.map((run) => run.runId));
    const all = [...runs, ...older.filter((run) => !known.has(run.runId))];
    const pair = [...chosen];
    page.draw(html`
      <div class="head"><h1>Runs</h1><a class="button" href="#/new">New run</a></div>
      ${all.length === 0 ? html`<p class="lead">There is no run yet. <a href="#/new">Start one</a>, here or with <code>./distil run SPEC</code>.</p>` : html`
        <p class="bar"><span class="note">Choose two to see them side by side.</span>
          <a class="button quiet" aria-disabled=${pair.length === 2 ? 'false' : 'true'} href=${pair.length === 2 ? `#/compare/${pair.map(encodeURIComponent).join('/')}` : '#/compare'}>Compare</a></p>
        <ul class="runs">${all.map((run) => html`<li class="panel">
          <h2><a href=${`#/runs/${encodeURIComponent(run.runId)}`}>${run.runId}</a></h2>
          ${badge(run.state)}
          <p>${standing(run)}</p>
          <p class="note">${times(run)}</p>
          <label class="choose"><input type="checkbox" .checked=${chosen.has(run.runId)} ?disabled=${pair.length === 2 && !chosen.has(run.runId)}
            @change=${(event) => choose(run.runId, event.target.checked)}> compare<span class="unseen"> ${run.runId}</span></label>
        </li>`)}</ul>
        ${next ? html`<p><button @click=${more}>Older runs</button></p>` : ''}`}`);
  }

  draw();
  return poll(read, 3000);
}
