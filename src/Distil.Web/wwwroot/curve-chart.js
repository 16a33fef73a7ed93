// Curves in a figure, drawn by uPlot; in words too, for who does not see them.
import uPlot from './vendor/uplot.js';
import { html, render } from './vendor/lit-html.js';
import { count, figure, span } from './format.js';

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const darkness = matchMedia('(prefers-color-scheme: dark)');
const height = 210;
const label = (tick) => tick === null ? null : tick !== 0 && Math.abs(tick) < 1e-3 ? tick.toExponential().replace('-', '−') : String(Number(tick.toPrecision(6)));
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });

/** How places on the x axis are called: in the words of a sentence, and at its ticks. */
const places = {
  steps: { name: (x) => `step ${count(x)}`, tick: (x) => Number.isInteger(x) ? count(x) : '' },
  tokens: { name: (x) => `${count(x)} tokens`, tick: (x) => compact.format(x) },
  seconds: { name: (x) => span(x), tick: (x) => span(x) },
};

/** Dashes tell curves apart where colours do not: one pattern for each curve; what was measured after an epoch is dotted. */
const dashes = [[], [6, 4], [2, 3], [10, 3, 2, 3], [12, 5], [1, 5]];
const dashOf = (curve, index) => (curve.measured ? [2, 2] : dashes[index % dashes.length]);

/**
 * A figure: `heading`, whether its values span decades (`decades`), what it is drawn over (`by`, in words `over`), and `curves`, each { label, xs, values, key, paint,
 * measured } with a CSS variable's name as paint. Setting curves of other keys draws anew.
 */
class CurveChart extends HTMLElement {
  #plot;
  #curves = [];
  #heading = '';
  #decades = false;
  #by = 'steps';
  #over = '';
  #at = null;
  #size = new ResizeObserver(() => this.#resize());
  #repaint = () => this.#plot?.redraw(false, true);

  set heading(text) { this.#heading = text; }

  set decades(wanted) { this.#decades = wanted; }

  set by(by) {
    if (by !== this.#by) this.#end(); // its axis is another
    this.#by = by;
  }

  set over(words) { this.#over = words; }

  set curves(curves) {
    const same = curves.length === this.#curves.length && curves.every((curve, index) => curve.key === this.#curves[index].key);
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
    this.#end();
  }

  #end() {
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#at = null;
  }

  #draw() {
    this.#caption();
    const data = uPlot.join(this.#curves.map((curve) => [curve.xs, curve.values]));
    if (this.#plot && this.#plot.series.length === this.#curves.length + 1 && this.#curves.every((curve, index) => this.#plot.series[index + 1].label === curve.label)) {
      this.#plot.setData(data);
    } else {
      this.#end();
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
        { ...axis, size: 28, space: 80, values: (_, ticks) => ticks.map(places[this.#by].tick) },
        { ...axis, size: 62, values: (_, ticks) => ticks.map(label) },
      ],
      series: [
        { label: this.#by },
        ...this.#curves.map((curve, index) => ({
          label: curve.label, stroke: () => colour(curve.paint), width: 1.75, dash: dashOf(curve, index), points: { show: curve.measured || curve.xs.length < 3 }, spanGaps: true,
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
          stroke-dasharray=${dashOf(curve, index).join(' ') || 'none'}></line></svg>${curve.label} <b>${figure(value(curve, index))}</b></span>`)}
        ${at === null || at === undefined ? '' : html`<span class="key">at ${places[this.#by].name(at)}</span>`}
      </figcaption>
      <div class="plot" role="img" aria-label=${this.#words()}></div>
    </figure>`, this);
  }

  #words() {
    const name = places[this.#by].name;
    const one = (curve) => {
      const known = curve.values.filter((value) => value !== null);
      return known.length === 0 ? `${curve.label}: nothing yet`
        : `${curve.label}: from ${figure(known[0])} at ${name(curve.xs[0])} to ${figure(known.at(-1))} at ${name(curve.xs.at(-1))}`;
    };
    return `${this.#heading} over ${this.#over}. ${this.#curves.map(one).join('. ')}.`;
  }

  #width() { return Math.max(160, (this.querySelector('.plot')?.clientWidth || this.clientWidth)); }

  #resize() {
    const width = this.#width();
    if (this.#plot && this.#plot.width !== width) this.#plot.setSize({ width, height });
  }
}

customElements.define('curve-chart', CurveChart);
