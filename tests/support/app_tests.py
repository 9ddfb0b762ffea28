"""The app without a browser, and what tests of its pages do with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button, Slider, TextInput

from core.lab.lab import Lab
from core.space import LogRange, SearchSpace
from pages.components.frame.running_server import server
from tests.support.waiting import LIMIT

APP = str(Path(__file__).parents[2] / "pages/navigation.py")
WIDE = SearchSpace(LogRange(-4, 0), LogRange(-8, -4))
LEARNS: dict[str, Any] = {"space": WIDE, "hidden_layers": 1, "epochs": 4}  # some trials, in a moment
GUESSES: dict[str, Any] = {"space": SearchSpace(LogRange(-6, -4), LogRange(-8, -4)), "epochs": 4}  # all trials


def ran(app: AppTest) -> AppTest:
    """The app, once it is clear that its run raised nothing."""
    assert not app.exception, app.exception
    return app


def opened(page: str | None = None, /, **address: str) -> AppTest:
    """A page, by default the first one, at an address with these parameters."""
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    for name, value in address.items():
        app.query_params[name] = value
    return ran((app.switch_page(f"{page}.py") if page else app).run())


def new_lab(**settings: object) -> Lab:
    """A lab whose next round has these settings."""
    lab = server().labs.adopt(Lab)
    lab.change(**settings)
    return lab


def lab_after_round(**settings: object) -> Lab:
    """A lab after a round with these settings."""
    lab = new_lab(**settings)
    lab.start(server().engine).wait(LIMIT)
    return lab


def lab_of(app: AppTest) -> Lab:
    """The lab of a page."""
    return server().labs.open(token(app), "test")[0]


def finished(app: AppTest) -> AppTest:
    """The page after the end of its lab's latest round."""
    lab = lab_of(app)
    assert lab.latest is not None
    lab.latest.wait(LIMIT)
    return ran(app.run())


def with_more_settings(app: AppTest) -> AppTest:
    """The page with the popover of rare settings open."""
    app.session_state["more_settings"] = True
    return ran(app.run())


def button(app: AppTest, label: str) -> Button:
    """The first button with these words in its label."""
    return next(button for button in app.button if label in button.label)


def text_field(app: AppTest, name: str) -> TextInput:
    """The text field of a key, with or without its version."""
    return next(field for field in app.text_input if field.key in (name, f"{name}~{str(field.key).split('~')[-1]}"))


@dataclass
class NumberField:
    """A field that somebody types numbers into."""

    field: TextInput

    @property
    def value(self) -> float:
        """The number that it shows. Raises ValueError for anything else."""
        shown = float(self.field.value)
        return int(shown) if shown.is_integer() else shown

    def set_value(self, value: object) -> TextInput:
        """Type a number, or a text."""
        return self.field.set_value(str(value))


def number(app: AppTest, name: str) -> NumberField:
    """The field for a number of a key, with or without its version."""
    return NumberField(text_field(app, name))


def slider(app: AppTest, name: str) -> Slider:
    """The slider of a hyperparameter's range."""
    return next(slider for slider in app.slider if slider.key.startswith(f"{name}_slider~"))


def parameter(app: AppTest, name: str) -> str:
    """A parameter of the address, empty without one."""
    value = app.query_params.get(name, "")
    return value[0] if isinstance(value, list) else value


def token(app: AppTest) -> str:
    """The token of the page's lab, from the address."""
    return parameter(app, "lab")


def text(app: AppTest) -> str:
    """What a page shows as Markdown, warnings and notes."""
    return " ".join(element.value for element in [*app.markdown, *app.warning, *app.info, *app.subheader])


def html(app: AppTest) -> str:
    """What a page shows as HTML."""
    return " ".join(element.proto.body for element in app.get("html"))
