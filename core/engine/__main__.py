"""`python -m core.engine` is a worker process; only an engine starts one (see processes.py)."""

from core.engine.worker import main

main()
