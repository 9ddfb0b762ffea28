// Runs before the app's own scripts; `sentences` and `patience` (milliseconds) stand before it, see first_load.py.
(() => {
  // A browser's translation moves text nodes into <font> elements of its own, or puts such an element in their place.
  // React keeps working on the text nodes and would end the page when one is not where it was, or leave the old
  // translation on it. So whatever is done to such a node is done where it stands now.
  const { insertBefore, removeChild } = Node.prototype;
  const value = Object.getOwnPropertyDescriptor(Node.prototype, 'nodeValue');
  const standIns = new WeakMap(); // text node that was taken out: the element in its place
  const isFont = node => node?.nodeName === 'FONT';
  const childWith = (parent, node) => { // the child of parent that is the node, or holds it, or stands in its place
    let found = node.isConnected ? node : standIns.get(node) ?? node;
    while (found && found.parentNode !== parent) found = found.parentNode;
    return found;
  };
  Node.prototype.removeChild = function (child) {
    if (child?.nodeType !== Node.TEXT_NODE || child.parentNode === this) return removeChild.call(this, child);
    const holder = childWith(this, child);
    if (holder) removeChild.call(this, holder);
    return child;
  };
  Node.prototype.insertBefore = function (node, next) {
    if (next?.nodeType !== Node.TEXT_NODE || next.parentNode === this) return insertBefore.call(this, node, next);
    return insertBefore.call(this, node, childWith(this, next));
  };
  Object.defineProperty(Node.prototype, 'nodeValue', {
    ...value,
    set(text) {
      value.set.call(this, text);
      const standIn = this.nodeType === Node.TEXT_NODE && !this.isConnected ? standIns.get(this) : null;
      if (standIn?.isConnected) standIn.replaceWith(this);
    },
  });
  new MutationObserver(changes => {
    for (const { addedNodes, removedNodes, previousSibling, nextSibling } of changes) {
      const font = [...addedNodes, previousSibling, nextSibling].find(isFont);
      for (const node of font ? removedNodes : []) if (node.nodeType === Node.TEXT_NODE) standIns.set(node, font);
    }
  }).observe(document, { childList: true, subtree: true });

  // The line in the page's HTML goes when the first part of the page is there, see loading.py.
  new MutationObserver((changes, observer) => {
    if (!document.querySelector('[data-testid=stMain] [data-testid=stElementContainer]')) return;
    document.getElementById('loading')?.remove();
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true });

  // A proxy that does not pass websockets on lets everything through but the app.
  const app = () => document.querySelector('[data-testid="stApp"]');
  const isConnected = () => app()?.dataset.testConnectionState === 'CONNECTED';
  let waiting = 0, asking = false, notice = null;
  const timer = setInterval(async () => {
    if (isConnected()) {
      clearInterval(timer);
      notice?.remove();
      return;
    }
    waiting += app() && !document.hidden ? 1000 : 0; // a slow network has not brought the app's scripts yet
    if (waiting < patience || asking || notice) return;
    asking = true;
    const lang = navigator.language.slice(0, 2);
    const answer = await fetch('./no_websocket', { method: 'POST' }).catch(() => null); // else the server is away
    asking = false;
    if (!answer?.ok || isConnected()) return;
    notice = document.createElement('div');
    notice.id = 'no-websocket';
    notice.setAttribute('role', 'alert');
    notice.style = 'position: fixed; inset: 0 0 auto; z-index: 2000000; padding: 1rem; background: #fff3cd; '
      + 'color: #3d2f00; font: 1rem/1.5 sans-serif';
    const own = Object.keys(sentences).sort((one, other) => (other === lang) - (one === lang));
    for (const name of own) {
      const line = document.createElement('p');
      line.lang = name;
      line.style.margin = '0 0 .3rem';
      line.textContent = sentences[name];
      notice.append(line);
    }
    document.body.append(notice);
  }, 1000);
})();
