// Keeps in the browser which lab it worked in last, and which one in each class; says so when it is asked.
//   localStorage: {off: true}, or {latest: {token, name}, classes: {code: {token, name}}}
const PLACE = 'narrowing-lab', CLASSES = 8;
const read = () => {
  try { return JSON.parse(localStorage.getItem(PLACE)) ?? {}; } catch { return {}; } // no storage in some frames
};
const write = kept => {
  try {
    if (Object.keys(kept).length) localStorage.setItem(PLACE, JSON.stringify(kept));
    else localStorage.removeItem(PLACE);
  } catch { /* nothing can be kept */ }
};
const without = (kept, tokens) => {
  const classes = Object.entries(kept.classes ?? {}).filter(([, lab]) => !tokens.includes(lab.token));
  const left = {};
  if (kept.latest && !tokens.includes(kept.latest.token)) left.latest = kept.latest;
  if (classes.length) left.classes = Object.fromEntries(classes);
  return left;
};
const withLab = (kept, { token, name, code }) => {
  const latest = { token, name };
  const classes = Object.entries(kept.classes ?? {}).filter(([other]) => other !== code);
  if (code) classes.push([code, latest]);
  return classes.length ? { latest, classes: Object.fromEntries(classes.slice(-CLASSES)) } : { latest };
};

export default function ({ data, setStateValue }) {
  let kept = read();
  if (data.on === false) kept = { off: true };
  else if (data.on === true) delete kept.off;
  if (!kept.off) {
    kept = without(kept, data.forget);
    if (data.keep) kept = withLab(kept, data.keep);
  }
  write(kept);
  const found = JSON.stringify(kept);
  if (data.asked && found !== data.reported) setStateValue('found', found);
}
