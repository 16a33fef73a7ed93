// What several views show the same way.
import { html } from './vendor/lit-html.js';
import { bytes, count, span, spanOf, stageOf, stages, unitOf, when } from './format.js';
/** @import * as Api from './openapi' */

/** @type {Record<Api.RunState, string>} */
const signs = { queued: '…', running: '▸', succeeded: '✓', failed: '✕', cancelled: '◼', interrupted: '‖' };

/** The states that a run can be in. */
export const states = /** @type {Api.RunState[]} */ (Object.keys(signs));

/** Whether a run can still change. @param {Api.RunStatus} status */
export const isAlive = (status) => status.state === 'running' || status.state === 'queued';

/** A state by word, sign and colour. @param {Api.RunState} state */
export const badge = (state) => html`<span class="badge ${state}"><span aria-hidden="true">${signs[state] ?? '•'}</span> ${state}</span>`;

/** A run's stage and what of it is done, in a line. @param {Api.RunStatus} status */
export function standing(status) {
  const stage = stageOf(status);
  const unit = unitOf(status.stage);
  const part = status.stageTotal > 0 ? `, ${count(status.stageDone)} of ${count(status.stageTotal)}${unit && ` ${unit}`} done` : '';
  return status.state === 'succeeded' ? `done in ${spanOf(status.startedAt, status.updatedAt)}` : `${stage || status.state}${stage ? part : ''}`;
}

/** The five stages in order: which are done, which is at work. @param {Api.RunStatus} status */
export function stepper(status) {
  // A run trains or merges; only the stage itself says which.
  const shown = stages.filter((stage) => stage !== (status.stage === 'merge' ? 'train' : 'merge'));
  const at = status.state === 'succeeded' ? shown.length : shown.indexOf(status.stage);
  return html`<ol class="stages" aria-label="Stages">${shown.map((stage, index) => {
    const place = index < at ? 'done' : index === at ? (isAlive(status) ? 'now' : 'stopped') : 'ahead';
    return html`<li class=${place} aria-current=${place === 'now' ? 'step' : 'false'}>${stage}<span class="unseen">${{ done: ', done', now: ', at work', stopped: ', ended here', ahead: '' }[place]}</span></li>`;
  })}</ol>`;
}

/**
 * The share of the stage that is done, 0–1, its jobs' own parts of a shard or epoch included; null while unknown.
 * @param {Api.RunStatus} status
 * @param {Api.RunDetails['progress']} progress
 */
export function shareOf(status, progress) {
  if (status.state === 'succeeded') return 1;
  if (!(status.stageTotal > 0)) return null;
  const parts = Object.values(progress).reduce((sum, job) => sum + (job.total > 0 ? Math.min(1, job.done / job.total) : 0), 0);
  return Math.min(1, (status.stageDone + parts) / status.stageTotal);
}

/**
 * The jobs at work, each with a bar.
 * @param {Api.RunStatus} status
 * @param {Api.RunDetails['progress']} progress
 */
export function jobs(status, progress) {
  if (status.state !== 'running') return '';
  return html`<ul class="jobs">${status.jobs.map((id) => {
    const job = progress[id];
    if (!job) return html`<li><span>${id}</span> <span class="note">starting</span></li>`;
    const left = job.expectedEnd ? (new Date(job.expectedEnd).getTime() - Date.now()) / 1000 : null;
    const details = [
      job.total > 0 ? `${count(job.done)}/${count(job.total)} ${job.unit}` : `${count(job.done)} ${job.unit}`,
      job.tokensPerSecond ? `${count(Math.round(job.tokensPerSecond))} tokens/s` : '',
      job.loss === undefined ? '' : `loss ${job.loss.toFixed(3)}`,
      job.memoryBytes ? `memory ${bytes(job.memoryBytes)}` : '',
      job.device ? gpu(job.device) : '',
      left > 0 ? `${span(left)} left` : '',
    ].filter(Boolean).join(' · ');
    return html`<li><span>${id}</span> <progress max="1" .value=${job.total > 0 ? Math.min(1, job.done / job.total) : 0} aria-label=${`${id}, ${job.stage}`}></progress> <span class="note">${details}</span>${withoutKernel(job)}</li>`;
  })}</ul>`;
}

/** What is in use of a job's GPU. @param {Api.DeviceUse} device */
const gpu = ({ usedBytes, peakBytes, totalBytes, busyShare }) =>
  `GPU ${busyShare === undefined ? '' : `${Math.round(busyShare * 100)} %, `}${bytes(usedBytes)} of ${bytes(totalBytes)}${peakBytes > usedBytes ? ` (peak ${bytes(peakBytes)})` : ''}`;

/** The operations of a job that no kernel could compute, and why. @param {Api.JobProgress} job */
const withoutKernel = (job) => (job.operations ?? []).filter((operation) => operation.unavailableReason)
  .map(({ operation, form, unavailableReason }) => html`<p class="note">${operation} is computed in its ${form} form: ${unavailableReason}</p>`);

/** The parts that are being rebuilt, and why. @param {Api.RunStatus} status */
export const rebuilding = (status) => (status.rebuilding ?? []).map(({ part, reason }) => html`<p class="note">Rebuilding <code>${part}</code>: <span class="text">${reason}</span></p>`);

/** What the run waits for. @param {Api.RunStatus} status */
export const waiting = (status) => (status.waiting ? html`<p class="banner warn" role="status"><span class="text">${status.waiting}</span></p>` : '');

/** Where the run did less than was asked. @param {Api.RunStatus} status */
export const notes = (status) => (status.notes ?? []).map((note) => html`<p class="note"><strong>Less than asked:</strong> <span class="text">${note}</span></p>`);

/** The latest failure with its cause; a failure that was retried is only a note. @param {Api.RunStatus} status */
export function failure(status) {
  if (!status.lastFailure) return '';
  const { class: kind, message, detail } = status.lastFailure;
  const fatal = status.state === 'failed';
  return html`<section class="panel ${fatal ? 'bad' : 'warn'}" aria-label=${fatal ? 'Error' : 'Latest failure'}>
    <h2>${fatal ? 'Why it failed' : 'Latest failure, tried again'}</h2>
    <p><strong>${kindOf[kind] ?? kind}:</strong> <span class="text">${message}</span></p>
    ${detail ? html`<details><summary>Details</summary><pre tabindex="0">${detail}</pre></details>` : ''}
  </section>`;
}

/** How the run ended before it was retried. @param {Api.RunStatus} status */
export const earlier = (status) => (status.earlier ?? []).length === 0 ? '' : html`<section aria-labelledby="earlier"><h2 id="earlier">Earlier ends of this run</h2><ul>${
  status.earlier.map(({ state, failure: why, endedAt }) => html`<li><time datetime=${endedAt}>${when(endedAt)}</time>: ${state}${why ? html`: <span class="text">${why.message}</span>` : ''}</li>`)}</ul></section>`;

/** @type {Record<Api.FailureClass, string>} */
const kindOf = { invalidInput: 'Input that cannot be used', outOfMemory: 'Out of memory', preempted: 'Machine taken away', diskFull: 'Disk full', transient: 'Failure that may pass', missingInput: 'Input that is missing or damaged' };

/** When a run began, and when it ended or how long it has run. @param {Api.RunStatus} status */
export const times = (status) => html`began <time datetime=${status.startedAt}>${when(status.startedAt)}</time>, ${
  isAlive(status) ? html`at work for ${spanOf(status.startedAt, Date.now())}` : html`ended <time datetime=${status.updatedAt}>${when(status.updatedAt)}</time>`}${
  status.retries > 0 ? `, ${count(status.retries)} tried again` : ''}`;

/** A table whose numbers stand to the right. `rows` are lists of cells, the first a heading. */
export const table = (caption, heads, rows) => html`<div class="scroll" tabindex="0" role="group" aria-label=${caption}><table>
  <caption>${caption}</caption>
  <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
  <tbody>${rows.map(([first, ...cells]) => html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div>`;

/** What went wrong with a request, in place of what was asked for; nothing if no answer comes, which the banner of every page says. */
export const problem = (error) => (error instanceof TypeError || [502, 503, 504].includes(error.status) ? '' : html`<p class="banner bad" role="alert">${error.message}</p>`);
