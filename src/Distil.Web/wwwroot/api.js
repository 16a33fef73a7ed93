// The HTTP API as functions: JSON in and out, problem details as errors.
// Types named Api.… are those of /openapi.json; a test checks every page against them.
/** @import * as Api from './openapi' */

const root = new URL('api/', document.baseURI);
const keyName = 'distil.key';
const patience = 12000; // ms: whoever looks is told within 15 s that nothing comes
/** @type {(answers: boolean, why?: string) => void} */
let tell = () => {};
/** @type {() => void} */
let refuse = () => {};

/** What the server refused, as RFC 9457 has it: `errors` points at each bad field. */
export class Problem extends Error {
  /** @param {Api.ApiProblem} problem */
  constructor(problem) {
    super(problem.detail ?? problem.title ?? `HTTP ${problem.status}`);
    this.status = problem.status;
    this.errors = problem.errors ?? [];
  }
}

/** Calls back with whether the server answers, and why not if it says so, when that changes. */
export function onConnection(callback) {
  let last = '';
  tell = (answers, why = '') => {
    const now = answers ? '' : why || 'The server does not answer.';
    if (now !== last) callback(last = now);
  };
}

/** Calls back whenever the server lets nobody in without a key, or not with this one: Azure Functions does, and asks for it in no way of its own. */
export function onRefusal(callback) {
  refuse = callback;
}

/** Sends a key with each request from now on, for as long as this tab is open. */
export const useKey = (key) => sessionStorage.setItem(keyName, key);

/** The whole URL of a path of the API, for instance `runs/ID`. */
export const urlOf = (path) => new URL(path, root);

/**
 * Asks for a document; null if there is none (404) and `optional` says that this is no error.
 * @returns {Promise<any>} typed where it is read
 */
export async function get(path, { optional = false } = {}) {
  const response = await send(path, { signal: AbortSignal.timeout(patience) });
  return optional && response.status === 404 ? null : (await checked(response)).json();
}

/**
 * Sends a text or nothing; the answer's document.
 * @param {string} path
 * @param {string} [body]
 */
export async function post(path, body, headers = {}) {
  const response = await send(path, { method: 'POST', body, headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers } });
  return (await checked(response)).json().catch(() => ({}));
}

/**
 * Deletes what a path names; the answer's document.
 * @param {string} path
 */
export const remove = async (path) => (await checked(await send(path, { method: 'DELETE' }))).json();

/**
 * Sends a document and returns the events of the answer as they come (server-sent events of JSON, the last one `[DONE]`).
 * @param {string} path
 * @param {object} body
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<any>}
 */
export async function* stream(path, body, signal) {
  const headers = { 'Content-Type': 'application/json', Accept: 'text/event-stream' };
  const response = await checked(await send(path, { method: 'POST', body: JSON.stringify(body), headers, signal }));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let held = ''; ;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (held + value).split('\n\n');
    held = events.pop();
    for (const data of events.map((event) => event.replace(/^data: /, ''))) {
      if (data === '[DONE]') return;
      yield JSON.parse(data);
    }
  }
}

/** A link's click. A key cannot go along with a link, and would be left behind in an address: then the file is fetched and saved. */
export async function follow(event) {
  if (!sessionStorage.getItem(keyName)) return;
  event.preventDefault();
  const link = event.currentTarget;
  const response = await checked(await send(link.href, { headers: { Accept: '*/*' } }));
  const file = document.createElement('a');
  file.href = URL.createObjectURL(await response.blob());
  file.download = link.dataset.name ?? decodeURIComponent(link.pathname.split('/').pop());
  file.click();
  URL.revokeObjectURL(file.href);
}

/**
 * @param {string | URL} path
 * @param {RequestInit} init
 */
async function send(path, init) {
  const key = sessionStorage.getItem(keyName);
  let response;
  try {
    response = await fetch(new URL(path, root), { ...init, headers: { Accept: 'application/json', ...(key && { 'x-functions-key': key }), ...init.headers } });
  } catch (error) {
    tell(false);
    throw error.name === 'TimeoutError' ? new TypeError('The server does not answer.', { cause: error }) : error;
  }

  const away = [502, 503, 504].includes(response.status);
  tell(!away, away ? (await response.clone().json().catch(() => ({}))).detail : '');
  if (response.status === 401) refuse();
  return response;
}

/** @param {Response} response */
async function checked(response) {
  if (response.ok) return response;
  const isProblem = (response.headers.get('Content-Type') ?? '').includes('json');
  const problem = isProblem ? await response.json().catch(() => ({})) : {};
  throw new Problem({ title: response.statusText, detail: problem.error?.message, ...problem, status: response.status });
}
