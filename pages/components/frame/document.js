// Sets the document's language; notes clicks on links; lets a page that is opened in another tab keep the lab's address.
export default function ({ data }) {
  document.documentElement.lang = data.lang;
  if ('leaving' in window) return;
  window.leaving = null; // the link that was clicked last, see page_width.js
  addEventListener('click', click => {
    const link = click.target.closest?.('a');
    if (link) window.leaving = { from: location.pathname, to: link.pathname, since: performance.now() };
  }, true);
  addEventListener('pointerdown', press => {
    const link = press.target.closest?.('a[data-testid*="Nav"]');
    if (link) link.search = location.search;
  }, true);
}
