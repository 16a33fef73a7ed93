// A run's training steps, read from where the last reading ended.
/** @import * as Api from './openapi' */
import { get } from './api.js';

/** @type {Exclude<keyof Api.StepMetrics, 'layerLosses'>[]} */
const fields = ['loss', 'crossEntropy', 'kl', 'alignment', 'alpha', 'temperature', 'learningRate', 'gradientNorm', 'tokensPerSecond'];

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
    /** @type {number[]} */
    this.steps = [];
    /** @type {Partial<Record<keyof Api.StepMetrics, (number | null)[]>>} */
    this.columns = Object.fromEntries(fields.map((field) => [field, []]));
  }

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
    while (this.steps.at(-1) >= step.globalStep) {
      this.steps.pop();
      for (const field of fields) this.columns[field].pop();
    }
    this.steps.push(step.globalStep);
    for (const field of fields) this.columns[field].push(step[field] ?? null);
  }

  /** Whether a quantity was ever measured. @param {keyof Api.StepMetrics} field */
  has(field) { return this.columns[field].some((value) => value !== null); }
}
