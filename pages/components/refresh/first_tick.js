// Asks the server for the first tick after the whole page was drawn; the timer of the part itself is longer than that.
export default function ({ data, setTriggerValue }) {
  const timer = setTimeout(() => setTriggerValue('due', true), data.milliseconds);
  return () => clearTimeout(timer);
}
