"""Drawing the page again from within a run, so that a click on its way is not lost.

st.rerun() joins its order with one that waits, and the joint order names the page of the run that calls it: a click on
the link of another page, come in the same moment, would draw the old page again. Here the run begins anew by itself,
and what waits is handled at its first output.
"""

from typing import NoReturn

from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx


def redraw_page() -> NoReturn:
    """End the run and draw the whole page."""
    _run_again([])


def redraw_part() -> NoReturn:
    """In a tick, end it and draw the part of the page that it draws."""
    context = get_script_run_ctx()
    _run_again(list(context.fragment_ids_this_run or []) if context is not None else [])


def _run_again(parts: list[str]) -> NoReturn:
    context = get_script_run_ctx()
    if context is None:
        raise RuntimeError("only a run of a page can be begun anew")
    raise RerunException(
        RerunData(
            query_string=context.query_string,
            page_script_hash=context.page_script_hash,
            fragment_id_queue=parts,
            is_fragment_scoped_rerun=bool(parts),
            cached_message_hashes=context.cached_message_hashes,
            context_info=context.context_info,
        )
    )
