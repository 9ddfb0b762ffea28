// A button that saves every chart of the page as an SVG file.
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector('button');
  button.textContent = data.label;
  button.onclick = () => {
    const charts = document.querySelectorAll('[data-testid="stVegaLiteChart"] svg.marks');
    charts.forEach((chart, place) => {
      const copy = chart.cloneNode(true);
      copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
      // the same signs are written differently in Japanese, Korean and Chinese
      copy.setAttributeNS('http://www.w3.org/XML/1998/namespace', 'xml:lang', document.documentElement.lang);
      copy.style.background = getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor;
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], {type: 'image/svg+xml'}));
      link.download = `${data.name}-${place + 1}.svg`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    });
  };
}
