// Sets the document's language; shows the tooltip of a mark that a finger taps; scrolls to results; notes clicks on links;
// lets a page that is opened in another tab keep the lab's address; has a page drawn anew whose server was away.
let drawAnew = () => {};

export default function ({ data, setTriggerValue }) {
  document.documentElement.lang = data.lang;
  drawAnew = () => setTriggerValue('reconnected', true);
  if ('leaving' in window) return;
  window.leaving = null; // the link that was clicked last, see page_width.js
  addEventListener('click', click => {
    const link = click.target.closest?.('a');
    if (link) window.leaving = { from: location.pathname, to: link.pathname, since: performance.now() };
  }, true);
  // A chart shows a tooltip when a pointer moves over a mark, which a finger that taps does not.
  let tapped = null, finger = false;
  const send = (type, at) => tapped?.dispatchEvent(new PointerEvent(type, {
    bubbles: true, clientX: at.clientX, clientY: at.clientY,
  }));
  addEventListener('pointerdown', press => {
    send('pointerout', press);
    finger = press.pointerType === 'touch';
    tapped = null;
  }, true);
  addEventListener('click', click => {
    if (!finger || !click.target.closest?.('[data-testid=stVegaLiteChart]') || !click.target.__data__) return;
    tapped = click.target;
    send('pointermove', click);
  });
  // A result that a click has asked for is scrolled to when it comes, unless something else is looked at by then.
  let waiting = false;
  addEventListener('click', click => { waiting = !!click.target.closest?.('[data-testid=stMain] button'); }, true);
  for (const kind of ['wheel', 'touchmove', 'keydown']) addEventListener(kind, () => { waiting = false; }, true);
  const RESULT = '[class*="st-key-result_"]', still = matchMedia('(prefers-reduced-motion: reduce)');
  new MutationObserver(changes => {
    if (!waiting) return;
    for (const { addedNodes } of changes) for (const node of addedNodes) {
      const result = node.nodeType === Node.ELEMENT_NODE && (node.matches(RESULT) ? node : node.querySelector(RESULT));
      if (!result) continue;
      waiting = false;
      // when its charts have their height
      setTimeout(() => result.scrollIntoView({ block: 'nearest', behavior: still.matches ? 'auto' : 'smooth' }), 300);
      return;
    }
  }).observe(document.body, { childList: true, subtree: true });
  addEventListener('pointerdown', press => {
    const link = press.target.closest?.('a[data-testid*="Nav"]');
    if (link) link.search = location.search;
  }, true);
  // Streamlit draws no page anew that was finished. Behind it may be another server by now, which has yet to get the lab.
  const app = document.querySelector('[data-testid=stApp]');
  let away = false;
  if (app) new MutationObserver(() => {
    const before = away;
    away = app.dataset.testConnectionState !== 'CONNECTED';
    if (before && !away) drawAnew();
  }).observe(app, { attributeFilter: ['data-test-connection-state'] });
}
