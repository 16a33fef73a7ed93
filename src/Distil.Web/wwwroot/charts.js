// Curves over training steps, drawn by uPlot; in words too, for who does not see them.
import uPlot from './vendor/uplot.js';
import { html, render } from './vendor/lit-html.js';
import { count, figure } from './format.js';
/** @import * as Api from './openapi' */

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const darkness = matchMedia('(prefers-color-scheme: dark)');
const height = 210;
const label = (tick) => tick === null ? null : tick !== 0 && Math.abs(tick) < 1e-3 ? tick.toExponential().replace('-', '−') : String(Number(tick.toPrecision(6)));

/**
 * A figure: `heading`, whether its values span decades (`decades`), and `curves`, each { label, steps, values, version, paint } with a CSS variable's name as paint. Setting curves of new versions draws anew.
 * A later curve is dashed, so that colour alone does not tell them apart.
 */
class CurveChart extends HTMLElement {
  #plot;
  #curves = [];
  #heading = '';
  #decades = false;
  #at = null;
  #size = new ResizeObserver(() => this.#resize());
  #repaint = () => this.#plot?.redraw(false, true);

  set heading(text) { this.#heading = text; }

  set decades(wanted) { this.#decades = wanted; }

  set curves(curves) {
    const same = curves.length === this.#curves.length && curves.every((curve, index) => curve.version === this.#curves[index].version && curve.label === this.#curves[index].label);
    this.#curves = curves;
    if (this.isConnected && !same) this.#draw();
  }

  connectedCallback() {
    this.#size.observe(this);
    darkness.addEventListener('change', this.#repaint);
    this.#draw();
  }

  disconnectedCallback() {
    this.#size.disconnect();
    darkness.removeEventListener('change', this.#repaint);
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #draw() {
    this.#caption();
    const data = uPlot.join(this.#curves.map((curve) => [curve.steps, curve.values]));
    if (this.#plot && this.#plot.series.length === this.#curves.length + 1) {
      this.#plot.setData(data);
    } else {
      this.#plot?.destroy();
      this.#plot = new uPlot(this.#options(), data, /** @type {HTMLElement} */ (this.querySelector('.plot')));
    }
  }

  #options() {
    const logarithmic = this.#decades && this.#curves.every((curve) => curve.values.every((value) => value === null || value > 0));
    const axis = { stroke: () => colour('--soft'), grid: { stroke: () => colour('--line'), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
    return {
      width: this.#width(),
      height,
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false }, points: { size: 6 } },
      scales: { x: { time: false }, y: { distr: logarithmic ? 3 : 1 } },
      axes: [
        { ...axis, size: 28, values: (_, ticks) => ticks.map((tick) => Number.isInteger(tick) ? count(tick) : '') },
        { ...axis, size: 62, values: (_, ticks) => ticks.map(label) },
      ],
      series: [
        { label: 'step' },
        ...this.#curves.map((curve, index) => ({
          label: curve.label, stroke: () => colour(curve.paint), width: 1.75, dash: index === 0 ? undefined : [6, 4], points: { show: curve.steps.length < 3 }, spanGaps: true,
        })),
      ],
      hooks: { setCursor: [(plot) => { this.#at = plot.cursor.idx ?? null; this.#caption(); }] },
    };
  }

  /** The keys tell the latest values, or those under the pointer. */
  #caption() {
    const at = this.#at === null || !this.#plot ? null : this.#plot.data[0][this.#at];
    const value = (curve, index) => at === null || at === undefined ? curve.values.findLast((value) => value !== null) : this.#plot.data[index + 1]?.[this.#at];
    render(html`<figure>
      <figcaption><strong>${this.#heading}</strong>
        ${this.#curves.map((curve, index) => html`<span class="key"><svg width="22" height="8" aria-hidden="true"><line class=${curve.paint.slice(2)} x1="0" y1="4" x2="22" y2="4" stroke-width="2.5"
          stroke-dasharray=${index === 0 ? 'none' : '6 4'}></line></svg>${curve.label} <b>${figure(value(curve, index))}</b></span>`)}
        ${at === null || at === undefined ? '' : html`<span class="key">at step ${count(at)}</span>`}
      </figcaption>
      <div class="plot" role="img" aria-label=${this.#words()}></div>
    </figure>`, this);
  }

  #words() {
    const one = (curve) => {
      const known = curve.values.filter((value) => value !== null);
      return known.length === 0 ? `${curve.label}: nothing yet`
        : `${curve.label}: from ${figure(known[0])} at step ${count(curve.steps[0])} to ${figure(known.at(-1))} at step ${count(curve.steps.at(-1))}`;
    };
    return `${this.#heading} over training steps. ${this.#curves.map(one).join('. ')}.`;
  }

  #width() { return Math.max(160, (this.querySelector('.plot')?.clientWidth || this.clientWidth)); }

  #resize() {
    const width = this.#width();
    if (this.#plot && this.#plot.width !== width) this.#plot.setSize({ width, height });
  }
}

customElements.define('curve-chart', CurveChart);

/**
 * What is drawn of a training, in order: field, heading, whether it falls over decades and so is drawn on a logarithmic scale.
 * @type {[field: keyof Api.StepMetrics, heading: string, decades?: boolean][]}
 */
export const quantities = [
  ['loss', 'Loss', true],
  ['crossEntropy', 'Cross-entropy, nats a token', true],
  ['kl', 'KL from the teacher, nats a token', true],
  ['alignment', 'Distance of hidden states'],
  ['learningRate', 'Learning rate'],
  ['temperature', 'Temperature'],
  ['alpha', 'α, the weight of KL'],
  ['gradientNorm', 'Gradient norm before clipping', true],
];

/**
 * A grid of charts over several trainings.
 * @param {{ label: string, metrics: import('./metrics.js').Metrics, paint: string }[]} trainings
 */
export function charts(trainings) {
  const known = trainings.filter((training) => training.metrics.steps.length > 0);
  if (known.length === 0) return html`<p class="note">No training step has been logged yet.</p>`;
  return html`<p class="note">Over optimiser steps; losses and gradient norm on logarithmic scales. Drag across a chart to look closer, double-click to see all.</p><div class="charts">${quantities.map(([field, heading, decades = false]) => {
    const curves = known.filter(({ metrics }) => metrics.has(field))
      .map(({ label, metrics, paint }) => ({ label, paint, steps: metrics.steps, values: metrics.columns[field], version: metrics.version }));
    return curves.length === 0 ? '' : html`<curve-chart .heading=${heading} .decades=${decades} .curves=${curves}></curve-chart>`;
  })}</div>`;
}
