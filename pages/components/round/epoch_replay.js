// Links the charts of a round: the trial that is pointed at, and the epoch that a replay has come to. A chart has a field
// for each of the two, which Vega makes and page.css hides.
const PLAY = 'M2 1 11 6 2 11z', PAUSE = 'M2 1h3v10H2zM7 1h3v10H7z';
const FRAME = 60; // milliseconds between two steps at least
const set = (name, value) => {
  for (const field of document.querySelectorAll(`.vega-bindings input[name=${name}]`)) {
    if (field.value === String(value)) continue;
    field.value = value;
    field.dispatchEvent(new Event('input'));
  }
};
const point = event => {
  const mark = event.target.closest?.('[data-testid="stVegaLiteChart"]') && event.target.__data__;
  set('hover', mark?.datum?.trial ?? -1); // Vega keeps with each mark what it stands for
};
const BRUSHED = ['map', 'curves', 'parallel'].map(name => `.st-key-${name}_chart svg.marks`).join();
// A finger on a chart scrolls the page, and a tap picks a trial. Only while the switch is on, it draws a box.
const press = event => {
  const draws = event.pointerType !== 'touch' || 'drawing' in document.documentElement.dataset;
  if (!draws && event.target.closest?.(BRUSHED)) event.stopPropagation();
};
// A chart that still has a trial picked would not answer to another click on it: what is picked last counts alone.
const unpick = event => {
  const at = event.target.closest?.('.st-key-map_chart, .st-key-curves_chart, .stDataFrame');
  for (const chart of at ? ['map', 'curves'] : []) {
    if (!at.classList.contains(`st-key-${chart}_chart`)) window.dispatchEvent(new Event(`unpick_${chart}`));
  }
};
// A finger that the browser takes away ends its box, which the chart removes by itself (BRUSH in map_chart.py).
const end = event => setTimeout(() => {
  window.dispatchEvent(new PointerEvent('pointerup', { pointerId: event.pointerId, pointerType: event.pointerType }));
});

// What this page shows; kept beside the element, which the browser makes anew when a hint comes to stand before it.
const state = window.epochReplay ??= { lab: null, round: null, latest: null, timer: null, watched: null, played: null };

const showMap = still => {
  const bar = document.querySelector('.st-key-view').getBoundingClientRect();
  if (bar.top >= 0 && bar.top < innerHeight / 2) return;
  document.querySelector('.st-key-view').scrollIntoView({ behavior: still ? 'auto' : 'smooth' });
};

export default function ({ data, parentElement }) {
  const [button, slider, speed] = ['button', '[type=range]', 'select'].map(name => parentElement.querySelector(name));
  const text = parentElement.querySelector('output');
  const show = epoch => {
    slider.value = epoch;
    const ended = Number(slider.value) >= data.epochs;
    text.textContent = data.words.epoch.replace('{epoch}', slider.value).replace('{epochs}', data.epochs);
    set('replay', ended ? data.end : slider.value);
    return ended;
  };
  const name = () => {
    button.querySelector('path').setAttribute('d', state.timer ? PAUSE : PLAY);
    button.title = state.timer ? data.words.pause : data.words.play;
    button.setAttribute('aria-label', button.title);
  };
  const stop = () => { clearInterval(state.timer); state.timer = null; name(); };
  const play = () => {
    stop();
    if (Number(slider.value) >= data.epochs) show(1);
    state.played = parentElement;
    const began = performance.now(), from = Number(slider.value);
    state.timer = setInterval(() => {
      const seconds = (performance.now() - began) / 1000;
      if (show(Math.floor(from + seconds * speed.value * data.epochs / data.seconds))) stop();
    }, FRAME);
    name();
  };
  for (const one of [button, slider, speed]) one.disabled = !data.ready;
  slider.max = data.epochs;
  slider.setAttribute('aria-label', data.words.slider);
  speed.setAttribute('aria-label', data.words.speed);
  slider.oninput = () => { stop(); show(slider.value); };
  button.onclick = () => state.timer ? stop() : play();
  speed.onchange = () => { if (state.timer) play(); };
  const sameLab = state.lab === data.lab;
  if (!sameLab || state.round !== data.round || !data.ready) { stop(); show(data.epochs); }
  if (!data.ready) text.textContent = '';
  else if (!text.textContent) show(data.epochs); // the round has just ended
  name();
  // a round that was over in a moment is shown once more to whoever watched it, so that it can be seen to move
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const isNew = data.round === data.latest && state.latest !== data.latest; // over before it was drawn
  if (data.ready && data.short && sameLab && (state.watched === data.round || isNew) && !still) play();
  state.watched = data.running ? data.round : null;
  if (sameLab && data.latest > state.latest) showMap(still); // Start may have been pressed further down
  for (const key of ['lab', 'round', 'latest']) state[key] = data[key];
  const draw = parentElement.querySelector('[type=checkbox]');
  draw.nextElementSibling.textContent = data.words.draw;
  draw.onchange = () => document.documentElement.toggleAttribute('data-drawing', draw.checked);
  document.documentElement.toggleAttribute('data-drawing', draw.checked);
  document.addEventListener('pointerover', point);
  document.addEventListener('pointerdown', press, true);
  document.addEventListener('click', unpick);
  window.addEventListener('pointercancel', end);
  return () => {
    document.documentElement.removeAttribute('data-drawing');
    document.removeEventListener('pointerover', point);
    document.removeEventListener('pointerdown', press, true);
    document.removeEventListener('click', unpick);
    window.removeEventListener('pointercancel', end);
    if (state.played === parentElement) stop();
  };
}
