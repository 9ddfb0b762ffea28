// Sets the document's language; shows the tooltip of a mark that a finger taps; notes clicks on links; lets a page that is opened in another tab keep the lab's address.
export default function ({ data }) {
  document.documentElement.lang = data.lang;
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
  addEventListener('pointerdown', press => {
    const link = press.target.closest?.('a[data-testid*="Nav"]');
    if (link) link.search = location.search;
  }, true);
}
