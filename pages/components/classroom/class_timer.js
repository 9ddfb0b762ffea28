// Counts a timer down in the browser; the server says how many seconds are left whenever the page is drawn.
export default function ({ data, parentElement }) {
  let box = parentElement.querySelector('.class-timer');
  if (!box) {
    box = document.createElement('div');
    box.className = 'class-timer';
    box.setAttribute('role', 'timer');
    box.style.cssText = 'font: 700 var(--timer-size, 1.5rem)/1.2 "Source Code Pro", monospace; color: inherit;'
      + 'font-variant-numeric: tabular-nums;';
    parentElement.appendChild(box);
  }
  const end = performance.now() + 1000 * data.seconds;
  const show = () => {
    const left = Math.ceil((end - performance.now()) / 1000);
    const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
    const text = left > 0 ? clock : data.over;
    if (box.textContent !== text) {
      box.textContent = text;
      box.setAttribute('aria-label', left > 0 ? `${data.left} ${clock}` : data.over);
    }
  };
  show();
  const ticking = setInterval(show, 250);
  return () => clearInterval(ticking);
}
