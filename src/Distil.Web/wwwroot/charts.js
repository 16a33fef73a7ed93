// The charts of one or several trainings: what is drawn, over what, and how smooth.
import { html } from './vendor/lit-html.js';
import './curve-chart.js';
/** @import * as Api from './openapi' */
/** @import { Metrics, By } from './metrics.js' */

/** @typedef {{ epoch: number, crossEntropy?: number, perplexity?: number, teacher?: number }} HeldOut */
/** @typedef {{ label: string, metrics: Metrics, paint: string, heldOut: HeldOut[] }} Training */

/**
 * What is drawn of a training, in order: field, heading, whether it falls over decades and so is drawn on a logarithmic scale, and whether it is a schedule,
 * which has no noise to smooth.
 * @type {{ field: keyof Api.StepMetrics, heading: string, decades?: boolean, schedule?: boolean }[]}
 */
const quantities = [
  { field: 'loss', heading: 'Loss', decades: true },
  { field: 'crossEntropy', heading: 'Cross-entropy, nats a token', decades: true },
  { field: 'kl', heading: 'Divergence from the teacher, nats a token', decades: true },
  { field: 'alignment', heading: 'Distance of hidden states' },
  { field: 'learningRate', heading: 'Learning rate', schedule: true },
  { field: 'temperature', heading: 'Temperature', schedule: true },
  { field: 'alpha', heading: 'α, the weight of the divergence', schedule: true },
  { field: 'gradientNorm', heading: 'Gradient norm before clipping', decades: true },
  { field: 'tokensPerSecond', heading: 'Speed, tokens a second' },
];

/** @type {Record<By, string>} */
const axes = { steps: 'training steps', tokens: 'tokens', seconds: 'training time' };
const smoothings = { none: 0, little: 0.6, much: 0.9, most: 0.98 };

/** How the user wants curves, on every page. @type {{ by: By, smoothing: keyof typeof smoothings }} */
const wanted = { by: 'steps', smoothing: 'none' };

/**
 * A grid of charts over several trainings.
 * @param {Training[]} trainings
 * @param {() => void} redraw called when the user wants the curves otherwise
 */
export function charts(trainings, redraw) {
  const known = trainings.filter((training) => training.metrics.steps.length > 0);
  if (known.length === 0) return html`<p class="note">No training step has been logged yet.</p>`;
  const choose = (name) => (event) => { wanted[name] = event.target.value; redraw(); };
  return html`
    <p class="bar">
      <label>Over <select @change=${choose('by')}>${Object.entries(axes).map(([by, name]) => html`<option value=${by} ?selected=${wanted.by === by}>${name}</option>`)}</select></label>
      <label>Smoothing <select @change=${choose('smoothing')}>${Object.keys(smoothings).map((name) => html`<option ?selected=${wanted.smoothing === name}>${name}</option>`)}</select></label>
    </p>
    <p class="note">Losses and gradient norm are on logarithmic scales. A step with far fewer tokens than the others, the last of a shard, is left out. Drag across a chart to look closer, double-click to see all.</p>
    <div class="charts">${heldOutChart(known)}${quantities.map((quantity) => chart(known, quantity))}</div>`;
}

/** @param {Training[]} trainings @param {typeof quantities[number]} quantity */
function chart(trainings, { field, heading, decades = false, schedule = false }) {
  const [by, smoothing] = [wanted.by, schedule ? 0 : smoothings[wanted.smoothing]];
  const curves = trainings.filter(({ metrics }) => metrics.has(field)).map(({ label, metrics, paint }) => (
    { label, paint, ...metrics.curve(field, by, smoothing), key: `${label} ${metrics.version} ${by} ${smoothing}` }));
  const measured = field === 'crossEntropy' ? trainings.flatMap((training) => points(training, 'held-out', 'crossEntropy', training.paint)) : [];
  return curves.length === 0 ? '' : draw(heading, decades, [...curves, ...measured]);
}

/** A training that shows the teacher of all; none if they have several teachers. @param {Training[]} trainings */
function oneTeacher(trainings) {
  const taught = trainings.filter(({ heldOut }) => heldOut.some(({ teacher }) => teacher));
  const values = new Set(taught.map(({ heldOut }) => heldOut.find(({ teacher }) => teacher).teacher.toPrecision(4)));
  return values.size === 1 ? taught.slice(0, 1) : [];
}

/** Perplexity after each epoch, of the students and of the teacher. @param {Training[]} trainings */
function heldOutChart(trainings) {
  const curves = [...trainings.flatMap((training) => points(training, '', 'perplexity', training.paint)),
    ...oneTeacher(trainings).flatMap((training) => points({ ...training, label: 'teacher' }, '', 'teacher', '--teacher'))];
  return curves.length === 0 ? '' : draw('Perplexity on held-out text', false, curves);
}

const draw = (heading, decades, curves) =>
  html`<curve-chart .heading=${heading} .decades=${decades} .by=${wanted.by} .over=${axes[wanted.by]} .curves=${curves}></curve-chart>`;

/** What was measured after each epoch, at its last step. @param {Training} training @param {string} what @param {keyof HeldOut} field @param {string} paint */
function points({ label, metrics, heldOut }, what, field, paint) {
  const found = heldOut.map((epoch) => ({ x: metrics.endOf(epoch.epoch, wanted.by), value: epoch[field] ?? null })).filter(({ x, value }) => x !== null && value !== null);
  const name = what ? `${label}, ${what}` : label;
  return found.length === 0 ? [] : [{ label: name, paint, measured: true, xs: found.map(({ x }) => x), values: found.map(({ value }) => value), key: `${name} ${found.length} ${wanted.by}` }];
}

/**
 * What the charts need of evaluations.
 * @param {Api.EpochEvaluations[]} epochs
 * @param {'distilled' | 'withoutTeacher'} [student]
 * @returns {HeldOut[]}
 */
export const heldOutOf = (epochs, student = 'distilled') => epochs.filter((epoch) => epoch[student]).map((epoch) => ({
  epoch: epoch.epoch, crossEntropy: epoch[student].student.crossEntropy, perplexity: epoch[student].student.perplexity, teacher: epoch[student].teacher?.perplexity,
}));
