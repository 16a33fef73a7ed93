// One run: where it stands, its curves, evaluations, samples, log and files.
import { html } from '../vendor/lit-html.js';
import { follow, get, post, remove, urlOf } from '../api.js';
import { poll } from '../poll.js';
import { Metrics } from '../metrics.js';
import { charts, heldOutOf } from '../charts.js';
import { nameOf, stageOf, unitOf } from '../format.js';
import { epochTable, recallTable, taskTable } from '../evaluations.js';
/** @import * as Api from '../openapi' */
import { badge, earlier, failure, isAlive, notes, problem, standing, stepper, times, waiting } from '../parts.js';
import { events, files, going, nextSteps, sample, verdict } from './run-parts.js';
import { keepSpecification } from './new.js';

export function runView(page, runId) {
  page.title(runId);
  const path = (part = '') => `runs/${encodeURIComponent(runId)}${part}`;
  const metrics = new Metrics(runId);
  const withoutTeacher = new Metrics(runId, 'withoutTeacher');
  /** @type {{ details: Api.RunDetails | null, epochs: Api.EpochEvaluations[], artifacts: Api.RunArtifact[], spec: Api.RunSpec | null, report: Api.RunReport | null, log: Api.RunEvent[] | null }} */
  const run = { details: null, epochs: [], artifacts: [], spec: null, report: null, log: null };
  let error = null;
  let asked = false; // to cancel
  let starting = false;
  let logShown = false;

  /** The parts beside the status change less often: asked for when the status changed, and at last when the run has ended. */
  async function read() {
    try {
      /** @type {Api.RunDetails} */
      const details = await get(path());
      const changed = run.details?.status.updatedAt !== details.status.updatedAt;
      run.details = details;
      error = null;
      draw();
      run.spec ??= await get(path('/spec'));
      const training = unitOf(details.status.stage) === 'epochs' || metrics.steps.length === 0;
      if (training || changed) await Promise.all([metrics.read(), run.spec.evaluation?.baseline ? withoutTeacher.read() : null]);
      if (changed) {
        run.epochs = (await get(path('/epochs'))).epochs;
        run.artifacts = await allFiles();
        if (logShown) await readLog();
        run.report ??= details.status.state === 'succeeded' ? await get(path('/report'), { optional: true }) : null;
      }
      page.title(`${details.status.state === 'running' ? stageOf(details.status) : details.status.state} – ${runId}`);
      page.announce(`${runId}: ${details.status.state}${details.status.state === 'running' ? `, ${stageOf(details.status)}` : ''}`);
      draw();
      return isAlive(details.status) || changed;
    } catch (wrong) {
      error = wrong;
      draw();
      if (wrong.status === 404) return false;
      throw wrong;
    }
  }

  async function allFiles() {
    /** @type {Api.RunArtifact[]} */
    const all = [];
    for (let token = ''; token !== undefined;) {
      /** @type {Api.ArtifactPage} */
      const part = await get(path(`/artifacts?limit=100${token && `&continuationToken=${encodeURIComponent(token)}`}`));
      all.push(...part.artifacts);
      token = part.continuationToken;
    }
    return all;
  }

  async function readLog() {
    run.log = (await get(path('/log'))).events;
  }

  async function showLog(event) {
    logShown = event.target.open;
    await attempt(async () => { if (logShown) await readLog(); });
  }

  /** Does something that the server may refuse. */
  async function attempt(action) {
    try {
      await action();
    } catch (wrong) {
      error = wrong;
    }
    draw();
  }

  async function cancel(event) {
    if (event.target.returnValue !== 'yes') return;
    asked = true;
    draw();
    await attempt(async () => {
      try {
        await post(path('/cancel'));
      } catch (wrong) {
        asked = false;
        throw wrong;
      }
      page.announce('Asked to cancel; the job at work saves its checkpoint first');
    });
  }

  async function retry() {
    starting = true;
    draw();
    await attempt(async () => {
      await post(path('/retry'));
      page.announce('The run goes on from what it has made');
      asked = false;
      end();
      end = poll(read, 2000);
    });
    starting = false;
    draw();
  }

  async function deleteRun(event) {
    if (event.target.returnValue !== 'yes') return;
    await attempt(async () => {
      await remove(path());
      page.announce(`${runId} is deleted`);
      location.hash = '#/';
    });
  }

  function copy() {
    keepSpecification(JSON.stringify({ ...run.spec, $schema: undefined }, null, 2));
    location.hash = '#/new';
  }

  const ask = (name) => (event) => event.target.closest('section').querySelector(`dialog.${name}`).showModal();

  const question = (name, label, answer, text, no, yes) => html`<dialog class=${name} aria-label=${label} @close=${answer}><form method="dialog">
    <p>${text}</p><p class="bar"><button value="no" autofocus>${no}</button> <button class="danger" value="yes">${yes}</button></p></form></dialog>`;

  /** @param {Api.RunStatus} status */
  const actions = (status) => html`
    <p class="bar">
      ${isAlive(status) ? html`<button class="danger" ?disabled=${asked} @click=${ask('cancel')}>${asked ? 'Cancelling…' : 'Cancel'}</button>` : ''}
      ${['failed', 'cancelled', 'interrupted'].includes(status.state) ? html`<button class="primary" ?disabled=${starting} @click=${retry}>${starting ? 'Starting…' : 'Go on with this run'}</button> <span class="note">from what it has made so far</span>` : ''}
      ${run.report ? html`<a class="button" href=${urlOf(path('/report'))} target="_blank" data-name="report.html" @click=${follow}>Open the report</a>
        <a class="button" href=${`#/try/${encodeURIComponent(runId)}`}>Try the student</a>
        <a class="button" href=${urlOf(path('/model'))} data-name=${`${runId}.tar`} @click=${follow}>Download the model</a>` : ''}
      ${run.spec ? html`<button class="quiet" @click=${copy}>Start a copy…</button>` : ''}
      <a class="button quiet" href=${`#/compare/${encodeURIComponent(runId)}`}>Compare with…</a>
      ${isAlive(status) || status.state === 'interrupted' ? '' : html`<button class="quiet danger" @click=${ask('delete')}>Delete…</button>`}
    </p>
    ${question('cancel', 'Cancel this run?', cancel, html`Cancel <strong>${runId}</strong>? The job at work saves its checkpoint; what is done is kept.`, 'Let it go on', 'Cancel the run')}
    ${question('delete', 'Delete this run?', deleteRun, html`Delete <strong>${runId}</strong>, its model and its report, with the dataset and the teacher’s outputs that no other run uses?`, 'Keep it', 'Delete the run')}`;

  function draw() {
    if (run.details === null) return page.draw((error && problem(error)) || html`<h1>${nameOf(runId)}</h1><p class="note">Reading…</p>`);
    const { status, progress } = run.details;
    const trainings = [{ label: 'student', metrics, paint: '--student', heldOut: heldOutOf(run.epochs) },
      { label: 'without teacher', metrics: withoutTeacher, paint: '--student-without-teacher', heldOut: heldOutOf(run.epochs, 'withoutTeacher') }];
    const last = run.epochs.at(-1)?.distilled;
    page.draw(html`
      <p class="crumb"><a href="#/">Runs</a></p>
      <div class="head"><h1>${nameOf(runId)}</h1>${badge(status.state)}</div>
      <p class="note"><code>${runId}</code>, ${times(status)}</p>
      ${waiting(status)}
      ${notes(status)}
      ${error ? problem(error) : ''}
      <section aria-label="Progress">
        ${stepper(status)}
        ${isAlive(status) ? going(status, progress) : html`<p class="lead">${standing(status)}</p>`}
        ${actions(status)}
      </section>
      ${failure(status)}
      ${nextSteps(status)}
      ${earlier(status)}
      ${run.report ? verdict(run.report) : ''}
      <section aria-labelledby="curves"><h2 id="curves">Curves</h2>${charts(trainings, draw)}</section>
      ${last || run.epochs.length > 0 ? html`<section aria-labelledby="epochs"><h2 id="epochs">Epochs</h2>${epochTable(run.epochs)}${taskTable(last)}${recallTable(last)}</section>` : ''}
      ${run.report?.samples?.length > 0 ? html`<section aria-labelledby="samples"><h2 id="samples">Continuations</h2>${run.report.samples.map(sample)}</section>` : ''}
      <section aria-labelledby="log"><h2 id="log">Log</h2><details @toggle=${showLog}><summary>Each job’s tries, ends and failures</summary>${run.log ? events(run.log) : html`<p class="note">Reading…</p>`}</details></section>
      <section aria-labelledby="files"><h2 id="files">Files</h2>${files(run.artifacts, path)}</section>
      ${run.spec ? html`<section aria-labelledby="spec"><h2 id="spec">Specification</h2><details><summary>As read, defaults included</summary><pre tabindex="0">${JSON.stringify(run.spec, null, 2)}</pre></details></section>` : ''}`);
  }

  draw();
  let end = poll(read, 2000);
  return () => end();
}
