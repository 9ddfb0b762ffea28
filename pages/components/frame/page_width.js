// Reports the width of the page's main column to the server, in steps of data.step pixels.
export default function ({ data, setStateValue }) {
  const page = document.querySelector('[data-testid="stMainBlockContainer"]') ?? document.body;
  let reported = data.reported, timer = null;
  const report = () => {
    // A report between a click on a link and the server's answer would be a run of the page that is being left, and bring
    // the student back to it: wait until the new page has come. document.js notes the click.
    const left = window.leaving;
    const arrived = left && left.to === location.pathname && left.to !== left.from;
    if (left && !arrived && performance.now() - left.since < data.leaving) {
      timer = setTimeout(report, data.leaving);
      return;
    }
    const style = getComputedStyle(page);
    const inner = page.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const width = Math.min(Math.max(Math.floor(inner / data.step) * data.step, data.narrowest), data.widest);
    if (inner > 0 && width !== reported) { reported = width; setStateValue('width', width); }
  };
  const observer = new ResizeObserver(() => { clearTimeout(timer); timer = setTimeout(report, 250); });
  observer.observe(page);
  report();
  return () => { observer.disconnect(); clearTimeout(timer); };
}
