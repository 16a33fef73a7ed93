// Routes the page's address to a view, and keeps title, focus and announcements right while views change.
import { html, render } from './vendor/lit-html.js';
import { onConnection, onRefusal, useKey } from './api.js';
import { runsView } from './views/runs.js';
import { runView } from './views/run.js';
import { compareView } from './views/compare.js';
import { newView } from './views/new.js';
import { tryView } from './views/try.js';

const main = document.getElementById('main');
const announcer = document.getElementById('announcer');
let leave = () => {};

/** Says something to screen readers once. */
export function announce(text) {
  if (announcer.textContent !== text) announcer.textContent = text;
}

/** A part of the page's address; one that is not encoded as addresses are is taken as it stands, and then is the name of nothing. */
function partOf(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A view is a function of its parameters: it draws through `draw` whenever it likes and returns what ends it. */
function open() {
  const address = location.hash.replace(/^#\/?/, '').split('/').map(partOf);
  const [view, ...parameters] = { runs: [runView, address[1]], compare: [compareView, ...address.slice(1)], new: [newView], try: [tryView, address[1]] }[address[0]] ?? [runsView];
  leave();
  const place = document.createElement('div');
  main.replaceChildren(place);
  let here = true;
  const page = {
    draw: (content) => here && render(content, place),
    title: (text) => here && (document.title = text ? `${text} – Distil` : 'Distil'),
    announce: (text) => here && announce(text),
  };
  const end = view(page, ...parameters);
  leave = () => { here = false; end?.(); };

  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('header nav a'))) {
    const current = link.hash && link.hash.split('/')[1] === (address[0] === 'runs' ? '' : address[0]);
    current ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current');
  }
}

addEventListener('hashchange', (event) => {
  if (location.hash === '#main') return; // the skip link
  open();
  if (new URL(event.oldURL).hash !== '') main.focus({ preventScroll: true });
  scrollTo(0, 0);
});

document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});

onConnection((fault) => render(
  fault ? html`<p class="banner bad"><span class="text">${fault}</span> This page retries by itself.</p>` : '', document.getElementById('connection')));

const keyPlace = document.getElementById('key');
onRefusal(() => render(html`
  <section class="banner warn" aria-labelledby="key-title"><h1 id="key-title">This server asks for a key</h1><form @submit=${takeKey}>
    <label>Function or host key <input name="key" type="password" autocomplete="off" required></label> <button>Use it</button></form></section>`, keyPlace));

function takeKey(event) {
  event.preventDefault();
  useKey(String(new FormData(event.target).get('key')).trim());
  render('', keyPlace);
  open();
}

open();
