// A run's training steps, read from where the last reading ended, as curves.
/** @import * as Api from './openapi' */
import { get } from './api.js';

/** @type {Exclude<keyof Api.StepMetrics, 'layerLosses'>[]} */
const fields = ['loss', 'crossEntropy', 'kl', 'alignment', 'alpha', 'temperature', 'learningRate', 'gradientNorm', 'tokensPerSecond'];

/** What a curve is drawn over. @typedef {'steps' | 'tokens' | 'seconds'} By */

/** The steps of one student: `steps` and, for each quantity, a column as long. */
export class Metrics {
  constructor(runId, student = 'distilled') {
    this.path = (offset) => `runs/${encodeURIComponent(runId)}/metrics?student=${student}&offset=${offset}`;
    this.forget();
  }

  /** Counts the changes. */
  version = 0;

  forget() {
    this.version++;
    this.offset = 0;
    /** @type {Record<By, number[]>} Each step, and the tokens and seconds of training (without evaluation and pauses) up to its end. */
    this.at = { steps: [], tokens: [], seconds: [] };
    /** @type {number[]} */
    this.epochs = [];
    /** @type {Partial<Record<keyof Api.StepMetrics, (number | null)[]>>} */
    this.columns = Object.fromEntries(fields.map((field) => [field, []]));
  }

  get steps() { return this.at.steps; }

  /** Reads what is new. @returns {Promise<boolean>} whether anything was */
  async read() {
    let any = false;
    for (;;) {
      /** @type {Api.MetricsPage | null} */
      const page = await get(this.path(this.offset), { optional: true });
      if (page === null) return any;
      if (page.offset !== this.offset) {
        this.forget(); // training resumed from a checkpoint: some steps are repeated
        any = true;
        if (page.offset !== 0) continue;
      }
      this.offset = page.nextOffset;
      if (page.steps.length === 0) return any;
      this.version++;
      for (const step of page.steps) this.#add(step);
      any = true;
    }
  }

  /** A repeated step replaces its earlier entry and all after it. @param {Api.StepMetrics} step */
  #add(step) {
    const rows = [...Object.values(this.at), this.epochs, ...fields.map((field) => this.columns[field])];
    while (this.steps.at(-1) >= step.globalStep) for (const row of rows) row.pop();
    const { tokens, seconds } = this.at;
    this.steps.push(step.globalStep);
    tokens.push((tokens.at(-1) ?? 0) + step.tokens);
    seconds.push((seconds.at(-1) ?? 0) + (step.tokensPerSecond > 0 ? step.tokens / step.tokensPerSecond : 0));
    this.epochs.push(step.epoch);
    for (const field of fields) this.columns[field].push(step[field] ?? null);
  }

  /** Whether a quantity was ever measured. @param {keyof Api.StepMetrics} field */
  has(field) { return this.columns[field].some((value) => value !== null); }

  /** The latest value of a quantity, of a step that can be compared with the others. @param {keyof Api.StepMetrics} field */
  latest(field) { return this.columns[field].findLast((value, index) => value !== null && this.#isWhole(index)); }

  /**
   * A quantity as a curve. Steps with far fewer tokens than the mean are left out: the last step of a shard has what is left of its rows, and what is measured of
   * few rows stands out from the others for no reason (the distance of hidden states, for instance, grows with 1/√rows).
   * @param {keyof Api.StepMetrics} field
   * @param {By} by
   * @param {number} smoothing share of the running mean in each point, 0–1
   */
  curve(field, by, smoothing) {
    const [xs, values] = [[], []];
    let [mean, weight] = [0, 0];
    this.columns[field].forEach((value, index) => {
      if (!this.#isWhole(index)) return;
      xs.push(this.at[by][index]);
      if (value !== null) [mean, weight] = [smoothing * mean + (1 - smoothing) * value, smoothing * weight + 1 - smoothing];
      values.push(value === null ? null : mean / weight);
    });
    return { xs, values };
  }

  /** Where an epoch ends; null if its steps are not known. @param {number} epoch @param {By} by */
  endOf(epoch, by) { return this.at[by][this.epochs.lastIndexOf(epoch)] ?? null; }

  #isWhole(index) { return this.at.tokens[index] - (this.at.tokens[index - 1] ?? 0) >= 0.8 * this.at.tokens.at(-1) / this.steps.length; }
}
