// A digit is drawn, or a test image shown; the network computes its scores here, so that no drawing leaves the browser.
//   paper (280 x 280) --cut out, scaled--> image (side x side, 0 to 1) --network--> scores (10) --softmax--> shares
const BRUSH = { 8: 30, 28: 24 }; // pixels of the paper: strokes about as wide as those that the networks learned from
const FINE = 32, BLOCK = 4, NARROWEST = 16, WIDEST = 24; // of the 8 x 8 images: points of which their blocks were counted
const FITS = 20; // pixels of a 28 x 28 image that a digit fills

// The ink in a rectangle of the paper, averaged over width x height equal parts of it.
function averaged(ink, size, [left, top, right, bottom], width, height) {
  const out = new Float64Array(width * height);
  const overlap = (from, to, at) => Math.max(0, Math.min(to, at + 1) - Math.max(from, at));
  for (let row = 0; row < height; row++) {
    const y0 = top + row * (bottom - top) / height, y1 = top + (row + 1) * (bottom - top) / height;
    for (let column = 0; column < width; column++) {
      const x0 = left + column * (right - left) / width, x1 = left + (column + 1) * (right - left) / width;
      let sum = 0;
      for (let y = Math.floor(y0); y < y1; y++)
        for (let x = Math.floor(x0); x < x1; x++) sum += ink[y * size + x] * overlap(y0, y1, y) * overlap(x0, x1, x);
      out[row * width + column] = sum / ((x1 - x0) * (y1 - y0));
    }
  }
  return out;
}

// The rectangle around all ink; null without any.
function around(ink, size) {
  let left = size, top = size, right = 0, bottom = 0;
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      if (ink[y * size + x] > 0.5) {
        left = Math.min(left, x); right = Math.max(right, x + 1); top = Math.min(top, y); bottom = Math.max(bottom, y + 1);
      }
  return right ? [left, top, right, bottom] : null;
}

const between = (low, value, high) => Math.min(Math.max(value, low), high);

// As the 8 x 8 digits were made: black or white points, 32 of them high, of which blocks of 4 x 4 are counted.
function counted(ink, size, box) {
  const width = between(NARROWEST, Math.round(FINE * (box[2] - box[0]) / (box[3] - box[1])), WIDEST);
  const points = averaged(ink, size, box, width, FINE), left = (FINE - width) >> 1, side = FINE / BLOCK;
  const image = new Float64Array(side * side);
  for (let y = 0; y < FINE; y++)
    for (let x = 0; x < width; x++)
      if (points[y * width + x] >= 0.5) image[(y / BLOCK | 0) * side + ((x + left) / BLOCK | 0)] += 1 / (BLOCK * BLOCK);
  return image;
}

// As MNIST was made: scaled to 20 pixels in grey, its centre of gravity in the middle of 28 x 28.
function centred(ink, size, box, side) {
  const scale = FITS / Math.max(box[2] - box[0], box[3] - box[1]);
  const [width, height] = [box[2] - box[0], box[3] - box[1]].map(length => Math.max(1, Math.round(length * scale)));
  const grey = averaged(ink, size, box, width, height);
  let mass = 0, across = 0, down = 0;
  grey.forEach((value, at) => {
    mass += value; across += value * (at % width + 0.5); down += value * ((at / width | 0) + 0.5);
  });
  const left = between(0, Math.round(side / 2 - across / mass), side - width);
  const top = between(0, Math.round(side / 2 - down / mass), side - height);
  const image = new Float64Array(side * side);
  grey.forEach((value, at) => { image[(top + (at / width | 0)) * side + left + at % width] = value; });
  return image;
}

// The scores of an image. numbers: as network_text in core/lab/tested_network.py has them
function scores(image, { sizes, numbers, activation, normalised, dropout }) {
  let below = image, place = 0;
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    const [inputs, outputs] = [sizes[layer], sizes[layer + 1]], hidden = layer + 2 < sizes.length;
    const bias = place + inputs * outputs, factor = bias + outputs, shift = factor + outputs;
    const sums = Float64Array.from(numbers.subarray(bias, factor));
    for (let from = 0; from < inputs; from++)
      if (below[from]) for (let to = 0; to < outputs; to++) sums[to] += below[from] * numbers[place + from * outputs + to];
    place = hidden && normalised ? shift + outputs : factor;
    below = !hidden ? sums : sums.map((sum, to) => {
      const value = normalised ? sum * numbers[factor + to] + numbers[shift + to] : sum;
      return (activation === 'relu' ? Math.max(value, 0) : 1 / (1 + Math.exp(-value))) * (1 - dropout);
    });
  }
  return below;
}

function softmax(values) {
  const most = Math.max(...values), powers = Array.from(values, value => Math.exp(value - most));
  const sum = powers.reduce((all, one) => all + one);
  return powers.map(power => power / sum);
}

const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

export default function ({ data, parentElement }) {
  const [paper, small, clear, sample, how, answer, list] = ['.paper', '.small', '.clear', '.sample', 'figcaption', 'output',
    'ol'].map(name => parentElement.querySelector(name));
  const state = parentElement.drawing ??= {};
  const pen = paper.getContext('2d', { willReadFrequently: true }), size = paper.width, side = data.side;
  const { words } = data;
  if (state.id !== data.id) {
    state.id = data.id;
    state.network = { ...data.network, numbers: new Float32Array(bytes(data.network.numbers).buffer) };
    state.samples = bytes(data.samples);
    state.shown = -1; // the place of the test image on the paper; -1: a drawing
    state.next = 0;
    small.width = small.height = side;
    list.replaceChildren(...data.labels.map(label => {
      const line = document.createElement('li');
      for (const name of ['span', 'i', 'em']) line.append(document.createElement(name));
      line.querySelector('i').append(document.createElement('b'));
      line.querySelector('span').textContent = label;
      return line;
    }));
    pen.clearRect(0, 0, size, size);
  }
  const image = () => {
    if (state.shown >= 0) {
      const pixels = state.samples.subarray(state.shown * side * side, (state.shown + 1) * side * side);
      return Float64Array.from(pixels, value => Math.fround(value / data.full_scale));
    }
    const drawn = pen.getImageData(0, 0, size, size).data, ink = new Float32Array(size * size);
    for (let at = 0; at < ink.length; at++) ink[at] = drawn[4 * at + 3] / 255;
    const box = around(ink, size);
    return box && (side === 8 ? counted(ink, size, box) : centred(ink, size, box, side));
  };
  const look = () => {
    state.waiting = null;
    const found = image(), brush = small.getContext('2d'), picture = brush.createImageData(side, side);
    for (let at = 0; at < side * side; at++) {
      const grey = 255 - Math.round(255 * (found ? found[at] : 0));
      picture.data.set([grey, grey, grey, 255], 4 * at);
    }
    brush.putImageData(picture, 0, 0);
    const shares = found ? softmax(scores(found, state.network)) : [];
    const most = shares.indexOf(Math.max(...shares));
    [...list.children].forEach((line, digit) => {
      line.classList.toggle('most', digit === most);
      line.querySelector('b').style.width = `${100 * (shares[digit] ?? 0)}%`;
      line.querySelector('em').textContent = found ? shares[digit].toFixed(3) : '';
    });
    const reads = found ? words.answer.replace('{digit}', data.labels[most]) : '';
    const label = state.shown >= 0 ? words.labelled.replace('{digit}', data.labels[data.truth[state.shown]]) : '';
    answer.textContent = `${reads} ${label}`.trim();
  };
  const soon = () => { state.waiting ??= requestAnimationFrame(look); };
  const wipe = () => { pen.clearRect(0, 0, size, size); state.shown = -1; soon(); };
  const at = event => {
    const place = paper.getBoundingClientRect();
    return [(event.clientX - place.left) * size / place.width, (event.clientY - place.top) * size / place.height];
  };
  const stroke = (from, to) => {
    pen.fillStyle = '#000'; pen.lineWidth = BRUSH[side]; pen.lineCap = pen.lineJoin = 'round';
    pen.beginPath(); pen.moveTo(...from); pen.lineTo(...to); pen.stroke();
    pen.beginPath(); pen.arc(...to, BRUSH[side] / 2, 0, 2 * Math.PI); pen.fill(); // a line without length draws nothing
    soon();
  };
  paper.onpointerdown = event => {
    if (event.button) return;
    if (state.shown >= 0) wipe();
    paper.setPointerCapture(event.pointerId);
    state.last = at(event);
    stroke(state.last, state.last);
  };
  paper.onpointermove = event => {
    if (!state.last) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      const here = at(one);
      stroke(state.last, here);
      state.last = here;
    }
  };
  paper.onpointerup = paper.onpointercancel = () => { state.last = null; };
  clear.onclick = wipe;
  sample.onclick = () => {
    wipe();
    state.shown = state.next;
    state.next = (state.next + 1) % data.truth.length;
    const pixels = state.samples.subarray(state.shown * side * side, (state.shown + 1) * side * side), width = size / side;
    pixels.forEach((value, place) => {
      pen.fillStyle = `rgba(0, 0, 0, ${value / data.full_scale})`;
      pen.fillRect(place % side * width, (place / side | 0) * width, width, width);
    });
  };
  paper.setAttribute('role', 'img');
  paper.setAttribute('aria-label', words.paper);
  small.setAttribute('role', 'img');
  small.setAttribute('aria-label', words.seen);
  clear.textContent = words.clear;
  sample.textContent = words.sample;
  how.textContent = `${words.seen}. ${words.how}`;
  look();
  return () => cancelAnimationFrame(state.waiting);
}
