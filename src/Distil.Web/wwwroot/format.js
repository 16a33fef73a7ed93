// Numbers, times and names as people read them.
/** @import * as Api from './openapi' */

const whole = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

export const count = (value) => whole.format(value);

/** Three to four digits that mean something; – where there is no number. */
export function figure(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace('e-', 'e−').replace('e+', 'e');
  return size >= 1000 ? count(Math.round(value)) : size >= 100 ? value.toFixed(1) : size >= 10 ? value.toFixed(2) : value.toFixed(4).replace(/0$/, '');
}

export const percent = (share) => share === null || share === undefined ? '–' : `${(100 * share).toFixed(1)} %`;

/** The name of a run in its id: between the time of its start and a random suffix. @param {string} runId */
export const nameOf = (runId) => /^\d{4}-\d\d-\d\d-\d{6}-(.+)-[0-9a-f]{6}$/.exec(runId)?.[1] ?? runId;

export const when = (text) => clock.format(new Date(text));

/** For instance 1 h 05 min, 4 min 20 s, 12 s. */
export function span(seconds) {
  if (!(seconds >= 0)) return '–';
  const [days, hours, minutes, rest] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, Math.round(seconds % 60)];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, '0')} min`;
  return minutes > 0 ? `${minutes} min ${String(rest).padStart(2, '0')} s` : `${rest} s`;
}

/**
 * @param {string | number} from
 * @param {string | number} to
 */
export const spanOf = (from, to) => span((new Date(to).getTime() - new Date(from).getTime()) / 1000);

export function bytes(value) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit++; }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** The stages in order, and what each counts. @type {Record<Api.JobKind, string>} */
const units = { prepare: 'shards', teach: 'shards', train: 'epochs', merge: '', evaluate: 'epochs', export: '' };

export const stages = /** @type {Api.JobKind[]} */ (Object.keys(units));

/** What a stage counts; empty if it is one job. @param {Api.JobKind | null | undefined} stage */
export const unitOf = (stage) => stage ? units[stage] : '';

/** A status in words, for instance `train epoch 2`. @param {Api.RunStatus} status */
export function stageOf(status) {
  if (!status.stage) return status.state === 'running' ? 'starting' : '';
  return status.epoch === null || status.epoch === undefined ? status.stage : `${status.stage} epoch ${status.epoch + 1}`;
}
