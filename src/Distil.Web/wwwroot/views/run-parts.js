// The parts of a run's page that are functions of its documents.
import { html } from '../vendor/lit-html.js';
import { follow, urlOf } from '../api.js';
import { bytes, count, figure, percent, span, unitOf, when } from '../format.js';
/** @import * as Api from '../openapi' */
import { jobs, rebuilding, shareOf, standing, table } from '../parts.js';

/**
 * A run at work: how much of its stage is done, and its jobs.
 * @param {Api.RunStatus} status
 * @param {Api.RunDetails['progress']} progress
 */
export function going(status, progress) {
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

/** What helps against each class of failure. @type {Record<Api.FailureClass, string>} */
const cures = {
  invalidInput: 'Going on would fail in the same way: start a copy with the value changed that the message names; if it names a file, mend the file and then go on.',
  outOfMemory: 'Start a copy with a smaller training.batchSize and as much larger a training.gradientAccumulation (the result is the same), or with a smaller dataset.contextLength. If other programs took the memory, go on when they have ended.',
  preempted: 'Go on: the job resumes from its last checkpoint.',
  missingInput: 'Put the input back that the message names, and go on.',
  diskFull: 'Make room (delete runs here; `distil gc` deletes what no run refers to), and go on.',
  transient: 'Go on: it may pass. If it fails again, the details above and the log below have the job’s own words.',
};

/** What to do next about a run that has ended badly. @param {Api.RunStatus} status */
export function nextSteps(status) {
  if (!['failed', 'interrupted'].includes(status.state)) return '';
  const text = status.state === 'interrupted' ? 'No process drives this run: it was stopped, or its process or machine has died. Go on: it resumes from its last checkpoint.'
    : cures[status.lastFailure?.class] ?? cures.transient;
  return html`<section class="panel" aria-labelledby="next"><h2 id="next">What to do next</h2><p>${text}</p>
    <p class="note">In a terminal: <code>distil run ${status.state === 'failed' ? '--retry' : '--resume'} ${status.runId}</code>, <code>distil logs ${status.runId}</code>, <code>distil doctor</code></p></section>`;
}

/** What happened, a line for each event. @param {Api.RunEvent[]} log */
export const events = (log) => log.length === 0 ? html`<p class="note">Nothing yet.</p>` : html`<ol class="log">${log.map(({ at, job, text, detail }) => html`<li>
  <time datetime=${at}>${when(at)}</time> <code>${job ?? ''}</code> <span class="text">${text}</span>${detail ? html`<details><summary>Details</summary><pre tabindex="0">${detail}</pre></details>` : ''}</li>`)}</ol>`;

/**
 * All files, as links.
 * @param {Api.RunArtifact[]} artifacts
 * @param {(part: string) => string} path
 */
export const files = (artifacts, path) => artifacts.length === 0 ? html`<p class="note">None yet.</p>` : html`<details>
  <summary>${count(artifacts.length)} files, ${bytes(artifacts.reduce((sum, file) => sum + file.bytes, 0))}</summary>
  ${table('Files of this run', ['Name', 'Size', 'Written'], artifacts.map((file) => [html`<a href=${urlOf(path(`/artifacts/${file.name}`))} @click=${follow}>${file.name}</a>`, bytes(file.bytes), when(file.modifiedAt)]))}</details>`;

const cards = (items) => html`<dl class="cards">${items.map(([name, value, note]) => html`<div class="card"><dt>${name}</dt><dd><span class="figure">${value}</span> <span class="note">${note}</span></dd></div>`)}</dl>`;

/** @param {Api.RunReport} report */
export function verdict(report) {
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
export const sample = ({ prompt, truth, teacher, student, withoutTeacher }) => html`<article class="panel sample">
  <p class="text prompt">${prompt}</p>
  <dl class="continuations">${[['Student', student], ['Teacher', teacher], ['Without teacher', withoutTeacher], ['The text itself', truth]]
    .filter(([, text]) => text !== undefined && text !== null).map(([who, text]) => html`<div><dt>${who}</dt><dd class="text">${text.trimStart()}</dd></div>`)}</dl>
</article>`;
