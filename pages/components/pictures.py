"""Charts as SVG files: Streamlit's own menu at a chart saves PNG only, and what the browser draws is SVG already."""

import streamlit as st

from pages.components.text import _

CSS = """
button {font: inherit; color: var(--st-text-color); background: transparent; cursor: pointer; padding: .45rem .8rem;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, .5rem);}
button:hover, button:focus-visible {border-color: var(--st-primary-color); color: var(--st-primary-color);}
"""
SAVE = """
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector('button');
  button.textContent = data.label;
  button.onclick = () => {
    const charts = document.querySelectorAll('[data-testid="stVegaLiteChart"] svg.marks');
    charts.forEach((chart, place) => {
      const copy = chart.cloneNode(true);
      copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
      copy.style.background = getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor;
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], {type: 'image/svg+xml'}));
      link.download = `${data.name}-${place + 1}.svg`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    });
  };
}
"""

_save = st.components.v2.component("save_charts", html="<button type='button'></button>", css=CSS, js=SAVE)


def save_charts(name: str) -> None:
    """A button that saves every chart of the page. name: the files' names begin so"""
    _save(key=f"save_{name}", data={"label": _("Charts of this page as SVG"), "name": name}, height="content")
