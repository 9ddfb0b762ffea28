"""`python -m core.engine` is a worker process; only an engine starts one (see local.py)."""

from core.engine.worker import main

main()
