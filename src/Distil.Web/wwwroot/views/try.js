// Tries a finished run's student: a prompt of the run or one's own, its continuation as it is generated, and what the teacher wrote.
import { html } from '../vendor/lit-html.js';
import { get, stream } from '../api.js';
import { count } from '../format.js';
import { problem } from '../parts.js';
/** @import * as Api from '../openapi' */

/** The sampling options: name in the request, label, value at the start, attributes of the field. */
const numbers = /** @type {const} */ ([
  ['max_tokens', 'Tokens at most', '80', 1, 4096, 1], ['temperature', 'Temperature', '0.8', 0, 2, 'any'], ['top_p', 'Top p', '0.95', 0, 1, 'any'],
  ['top_k', 'Top k', '', 1, 1000000, 1], ['min_p', 'Min p', '', 0, 1, 'any'], ['repetition_penalty', 'Repetition penalty', '', 0.01, 10, 'any'], ['seed', 'Seed', '', 0, 2 ** 53 - 1, 1],
]);

export function tryView(page, runId) {
  page.title(`Try ${runId}`);
  const path = (part = '') => `runs/${encodeURIComponent(runId)}${part}`;
  /** @type {Api.RunReport | null} */
  let report = null;
  let [ready, error, text, note] = [false, /** @type {Error | null} */ (null), '', ''];
  /** @type {AbortController | null} */
  let running = null;
  let asked = ''; // the prompt that the text continues
  let here = true;

  async function read() {
    try {
      report = await get(path('/report'), { optional: true });
      if (report === null) {
        await get(path()); // says whether there is such a run
        throw new Error('This run has no student to try yet: it has not finished.');
      }
      if (await get(path('/v1/models'), { optional: true }) === null) {
        throw new Error('This server runs no students; distil serve on one machine does.');
      }
      ready = true;
    } catch (wrong) {
      error = wrong;
    }
    draw();
  }

  async function start(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const prompt = String(form.get('prompt'));
    const isChat = form.get('mode') === 'chat';
    const options = Object.fromEntries(numbers.map(([name]) => [name, form.get(name)]).filter(([, value]) => value !== '').map(([name, value]) => [name, Number(value)]));
    const body = { model: runId, stream: true, stream_options: { include_usage: true }, ...options, ...(isChat ? { messages: [{ role: 'user', content: prompt }] } : { prompt }) };
    [error, text, note, asked, running] = [null, '', 'Opening the student…', isChat ? '' : prompt, new AbortController()];
    draw();
    const began = performance.now();
    try {
      for await (const { choices, usage, error: failed } of stream(path(isChat ? '/v1/chat/completions' : '/v1/completions'), body, running.signal)) {
        if (failed) throw new Error(failed.message);
        text += choices.map((choice) => choice.text ?? choice.delta?.content ?? '').join('');
        note = usage ? done(usage.completion_tokens, performance.now() - began) : '';
        draw();
      }
      page.announce(`The student has finished. ${note}`);
    } catch (wrong) {
      wrong.name === 'AbortError' ? note = 'Stopped.' : error = wrong;
    }
    running = null;
    draw();
  }

  const done = (tokens, ms) => `${count(tokens)} tokens in ${(ms / 1000).toFixed(1)} s`;

  /** @param {Event & { target: HTMLSelectElement }} event */
  function choose(event) {
    const area = /** @type {HTMLTextAreaElement} */ (document.getElementById('prompt'));
    area.value = report.samples[Number(event.target.value)].prompt;
    area.focus();
  }

  function draw() {
    if (!here) return;
    page.draw(html`
      <p class="crumb"><a href="#/">Runs</a> › <a href=${`#/runs/${encodeURIComponent(runId)}`}>${runId}</a></p>
      <h1>Try the student</h1>
      ${error ? problem(error) : ''}
      ${ready ? html`${form()}<section class="columns" aria-label="Continuations">
        <div class="panel" aria-busy=${running ? 'true' : 'false'}><h2>Student</h2>
          <p class="text" id="continuation"><span class="note">${asked}</span>${text}</p><p class="note" id="made">${note}</p></div>
        <div class="panel"><h2>Teacher</h2>${teacher(report, asked)}</div></section>` : error ? '' : html`<p class="note">Reading…</p>`}`);
  }

  const form = () => html`<form @submit=${start}>
    ${report.samples.length === 0 ? '' : html`<p class="bar"><label>Begin with <select @change=${choose}>${report.samples.map((sample, i) => html`<option value=${i}>${short(sample.prompt)}</option>`)}</select></label></p>`}
    <label for="prompt">Prompt</label>
    <div class="editor"><span></span><textarea id="prompt" name="prompt" rows="4" .defaultValue=${report.samples[0]?.prompt ?? ''}></textarea></div>
    <fieldset class="bar"><legend class="unseen">How to answer</legend>
      <label><input type="radio" name="mode" value="text" checked> Continue the text</label>
      <label><input type="radio" name="mode" value="chat"> Answer it as a chat</label></fieldset>
    <details><summary>Sampling</summary><p class="bar">${numbers.map(([name, label, value, least, most, step]) => html`<label>${label}
      <input type="number" name=${name} .defaultValue=${value} min=${least} max=${most} step=${step}></label>`)}</p>
      <p class="note">Temperature 0 always takes the most probable token. What is empty is not used.</p></details>
    <p class="bar"><button class="primary" ?disabled=${running}>${running ? 'Writing…' : 'Go'}</button>
      ${running ? html`<button type="button" @click=${() => running.abort()}>Stop</button>` : ''}</p></form>`;

  draw();
  read();
  return () => { here = false; running?.abort(); };
}

/**
 * What the teacher wrote for a prompt of the run; it is not run here.
 * @param {Api.RunReport} report
 * @param {string} prompt
 */
function teacher(report, prompt) {
  const sample = report.samples.find((each) => each.prompt === prompt);
  return html`${sample ? html`<p class="text"><span class="note">${prompt}</span>${sample.teacher}</p>` : ''}
    <p class="note">The teacher needs torch, which this server does without.
      ${sample ? 'This is what it wrote when the run ended.' : 'For the run’s own prompts, what it wrote when the run ended is shown here.'}</p>`;
}

const short = (text) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
