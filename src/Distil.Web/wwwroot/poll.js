// Asks again and again: quickly while somebody looks, not at all while nobody does, ever more slowly while it fails.
const longest = 30000;

/**
 * Calls `ask` now and then every `interval` ms, one call at a time, until it returns false or the returned function is called.
 * @param {() => Promise<boolean|void>} ask
 * @param {number} interval
 * @returns {() => void} ends it
 */
export function poll(ask, interval) {
  let timer;
  let ended = false;
  let pause = interval;

  async function turn() {
    let more = true;
    try {
      more = await ask() !== false;
      pause = interval;
    } catch (error) {
      pause = Math.min(longest, pause * 2);
      if (!(error instanceof TypeError) && error.status === undefined) console.error(error); // neither the network's nor the server's: ours
    }
    if (!ended && more) wait();
  }

  function wait() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(turn, pause);
  }

  const shown = () => { if (!document.hidden && !ended) turn(); else clearTimeout(timer); };
  document.addEventListener('visibilitychange', shown);
  turn();
  return () => {
    ended = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', shown);
  };
}
