// One run: where it stands, its curves, evaluations, samples and files.
import { html } from '../vendor/lit-html.js';
import { follow, get, post, urlOf } from '../api.js';
import { poll } from '../poll.js';
import { Metrics } from '../metrics.js';
import { charts } from '../charts.js';
import { bytes, count, figure, percent, span, stageOf, unitOf, when } from '../format.js';
import { epochTable, recallTable, taskTable } from '../evaluations.js';
/** @import * as Api from '../openapi' */
import { badge, earlier, failure, isAlive, jobs, notes, problem, rebuilding, shareOf, standing, stepper, table, times, waiting } from '../parts.js';

export function runView(page, runId) {
  page.title(runId);
  const path = (part = '') => `runs/${encodeURIComponent(runId)}${part}`;
  const metrics = new Metrics(runId);
  const withoutTeacher = new Metrics(runId, 'withoutTeacher');
  /** @type {{ details: Api.RunDetails | null, epochs: Api.EpochEvaluations[], artifacts: Api.RunArtifact[], spec: Api.RunSpec | null, report: Api.RunReport | null }} */
  const run = { details: null, epochs: [], artifacts: [], spec: null, report: null };
  let error = null;
  let asked = false; // to cancel
  let retrying = false;

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
        run.artifacts = await files();
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

  async function files() {
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

  async function cancel(event) {
    if (event.target.returnValue !== 'cancel run') return;
    asked = true;
    draw();
    try {
      await post(path('/cancel'));
      page.announce('Asked to cancel; the job at work saves its checkpoint first');
    } catch (wrong) {
      asked = false;
      error = wrong;
      draw();
    }
  }

  async function retry() {
    retrying = true;
    draw();
    try {
      await post(path('/retry'));
      page.announce('The run goes on from what it has made');
      end();
      end = poll(read, 2000);
    } catch (wrong) {
      error = wrong;
    }
    retrying = false;
    draw();
  }

  const ask = (event) => event.target.closest('section').querySelector('dialog').showModal();

  function draw() {
    if (run.details === null) return page.draw(error ? problem(error) : html`<h1>${runId}</h1><p class="note">Reading…</p>`);
    const { status, progress } = run.details;
    const trainings = [{ label: 'student', metrics, paint: '--student' }, { label: 'without teacher', metrics: withoutTeacher, paint: '--student-without-teacher' }];
    page.draw(html`
      <p class="crumb"><a href="#/">Runs</a></p>
      <div class="head"><h1>${runId}</h1>${badge(status.state)}</div>
      <p class="note">${times(status)}</p>
      ${waiting(status)}
      ${notes(status)}
      ${error ? problem(error) : ''}
      <section aria-label="Progress">
        ${stepper(status)}
        ${isAlive(status) ? going(status, progress) : html`<p class="lead">${standing(status)}</p>`}
        <p class="bar">
          ${isAlive(status) ? html`<button class="danger" ?disabled=${asked} @click=${ask}>${asked ? 'Cancelling…' : 'Cancel'}</button>` : ''}
          ${['failed', 'cancelled', 'interrupted'].includes(status.state) ? html`<button class="primary" ?disabled=${retrying} @click=${retry}>${retrying ? 'Starting…' : 'Go on with this run'}</button> <span class="note">from what it has made so far</span>` : ''}
          ${run.report ? html`<a class="button" href=${urlOf(path('/report'))} target="_blank" data-name="report.html" @click=${follow}>Open the report</a>` : ''}
          ${run.report ? html`<a class="button" href=${`#/try/${encodeURIComponent(runId)}`}>Try the student</a>` : ''}
          <a class="button quiet" href=${`#/compare/${encodeURIComponent(runId)}`}>Compare with…</a>
        </p>
        <dialog aria-label="Cancel this run?" @close=${cancel}><form method="dialog">
          <p>Cancel <strong>${runId}</strong>? The job at work saves its checkpoint; what is done is kept.</p>
          <p class="bar"><button value="keep" autofocus>Let it go on</button> <button class="danger" value="cancel run">Cancel the run</button></p>
        </form></dialog>
      </section>
      ${failure(status)}
      ${earlier(status)}
      ${run.report ? verdict(run.report) : ''}
      <section aria-labelledby="curves"><h2 id="curves">Curves</h2>${charts(trainings)}</section>
      ${run.epochs.length > 0 ? html`<section aria-labelledby="epochs"><h2 id="epochs">Epochs</h2>${epochTable(run.epochs)}${taskTable(run.epochs.at(-1).distilled)}${recallTable(run.epochs.at(-1).distilled)}</section>` : ''}
      ${run.report?.samples?.length > 0 ? html`<section aria-labelledby="samples"><h2 id="samples">Continuations</h2>${run.report.samples.map(sample)}</section>` : ''}
      <section aria-labelledby="files"><h2 id="files">Files</h2>${run.artifacts.length === 0 ? html`<p class="note">None yet.</p>` : html`<details>
        <summary>${count(run.artifacts.length)} files, ${bytes(run.artifacts.reduce((sum, file) => sum + file.bytes, 0))}</summary>
        ${table('Files of this run', ['Name', 'Size', 'Written'], run.artifacts.map((file) => [html`<a href=${urlOf(path(`/artifacts/${file.name}`))} @click=${follow}>${file.name}</a>`, bytes(file.bytes), when(file.modifiedAt)]))}</details>`}</section>
      ${run.spec ? html`<section aria-labelledby="spec"><h2 id="spec">Specification</h2><details><summary>As read, defaults included</summary><pre tabindex="0">${JSON.stringify(run.spec, null, 2)}</pre></details></section>` : ''}`);
  }

  draw();
  let end = poll(read, 2000);
  return () => end();
}

/**
 * @param {Api.RunStatus} status
 * @param {Api.RunDetails['progress']} progress
 */
function going(status, progress) {
  const share = shareOf(status, progress);
  const [left, of] = leftOf(status, progress, share);
  return html`
    <p class="lead">${standing(status)}${left > 0 ? html` <span class="note">about ${span(left)} left in this ${of}</span>` : ''}</p>
    ${share === null ? '' : html`<progress class="whole" max="1" .value=${share} aria-label=${`Stage ${status.stage ?? ''}`}></progress>`}
    ${rebuilding(status)}
    ${jobs(status, progress)}`;
}

/**
 * Seconds left, and of what: of a stage's many shards together by its pace so far, else of the job that ends last.
 * @param {Api.RunStatus} status
 * @param {Api.RunDetails['progress']} progress
 * @param {number | null} share
 * @returns {[seconds: number | null, of: string]}
 */
function leftOf(status, progress, share) {
  if (unitOf(status.stage) === 'shards' && status.stageTotal > 1 && status.stageStartedAt && share > 0.01) {
    return [(Date.now() - new Date(status.stageStartedAt).getTime()) / 1000 * (1 - share) / share, 'stage'];
  }
  const ends = Object.values(progress).map((job) => job.expectedEnd).filter(Boolean).map((end) => new Date(end).getTime() - Date.now());
  return [ends.length > 0 ? Math.max(...ends) / 1000 : null, 'job'];
}

const cards = (items) => html`<dl class="cards">${items.map(([name, value, note]) => html`<div class="card"><dt>${name}</dt><dd><span class="figure">${value}</span> <span class="note">${note}</span></dd></div>`)}</dl>`;

/** @param {Api.RunReport} report */
function verdict(report) {
  const last = report.epochs.at(-1);
  const { student, teacher, kl, top1Agreement } = last.distilled;
  return html`<section aria-labelledby="result"><h2 id="result">Result</h2>${cards([
    ['Student’s perplexity', figure(student.perplexity), teacher ? `teacher ${figure(teacher.perplexity)}` : ''],
    ...(last.withoutTeacher ? [['Without the teacher', figure(last.withoutTeacher.student.perplexity), 'same student, same steps']] : []),
    ['KL from the teacher', figure(kl), 'nats a token'],
    ['Same first choice', percent(top1Agreement), 'of positions'],
  ])}</section>`;
}

/** @param {Api.SampleSummary} sample */
const sample = ({ prompt, truth, teacher, student, withoutTeacher }) => html`<article class="panel sample">
  <p class="text prompt">${prompt}</p>
  <dl class="continuations">${[['Student', student], ['Teacher', teacher], ['Without teacher', withoutTeacher], ['The text itself', truth]]
    .filter(([, text]) => text !== undefined && text !== null).map(([who, text]) => html`<div><dt>${who}</dt><dd class="text">${text.trimStart()}</dd></div>`)}</dl>
</article>`;
