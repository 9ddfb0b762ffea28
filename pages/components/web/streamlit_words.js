// Shows Streamlit's own words in the page's language; `words` stands before it, see streamlit_words.py.
(() => {
  const PARTS = ['[data-testid=stHeader]', '[data-testid=stSidebar]', '.stMainMenuPopover', '.stConnectionStatus',
    '[role=dialog]', '[data-testid=InputInstructions]', '[data-testid=stFileUploader]', '[data-testid=stTooltipContent]',
    '[data-testid=stElementToolbar]', '[data-testid=stCodeCopyButton]', '.stTooltipHoverTarget'].join();
  const LABELS = ['aria-label', 'title'];
  const patterns = {}; // for each language, pairs of a pattern with a gap, and what is shown
  for (const [lang, pairs] of Object.entries(words)) {
    patterns[lang] = Object.entries(pairs).filter(([word]) => word.includes('{}'))
      .map(([word, text]) => [new RegExp(`^${word.replace('{}', '(.+)')}$`, 's'), text]);
  }
  const shown = text => {
    const lang = document.documentElement.lang, found = words[lang]?.[text.trim()];
    if (found) return found;
    for (const [pattern, instead] of patterns[lang] ?? []) {
      const match = pattern.exec(text.trim());
      const done = match && instead.replace('{}', () => match[1]);
      if (done && done !== text.trim()) return done;
    }
  };
  const translate = part => {
    const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const word = shown(texts.currentNode.data);
      if (word) texts.currentNode.data = word;
    }
    for (const element of [part, ...part.querySelectorAll(LABELS.map(name => `[${name}]`).join())]) {
      for (const name of LABELS) {
        const word = element.hasAttribute(name) && shown(element.getAttribute(name));
        if (word) element.setAttribute(name, word);
      }
    }
  };
  new MutationObserver(changes => {
    const parts = new Set();
    for (const { target, addedNodes } of changes) {
      const around = (target.nodeType === Node.TEXT_NODE ? target.parentElement : target)?.closest(PARTS);
      if (around) parts.add(around);
      else for (const node of addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE || node.namespaceURI.endsWith('svg')) continue; // charts, drawn often
        if (node.matches(PARTS)) parts.add(node);
        for (const part of node.querySelectorAll(PARTS)) parts.add(part);
      }
    }
    parts.forEach(translate);
  }).observe(document, {
    childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: LABELS,
  });
})();
