# syntax=docker/dockerfile:1

FROM python:3.12-slim AS packages
WORKDIR /app
# requirements-cluster.txt for training on more than one machine
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-cluster.txt ./
RUN python -m venv .venv \
    && .venv/bin/python -m pip install --no-cache-dir --only-binary=:all: --require-hashes -r "$REQUIREMENTS" \
    && .venv/bin/python -m pip uninstall --yes pip

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home lab \
    && install --directory --owner=lab --group=lab /data
WORKDIR /app
COPY --from=packages /app/.venv .venv
COPY .streamlit .streamlit
COPY core core
COPY pages pages
COPY app.py pyproject.toml .
RUN .venv/bin/python -m compileall -q app.py core pages
ENV PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/labs.sqlite \
    MNIST_DIR=/data/mnist \
    FASHION_MNIST_DIR=/data/fashion-mnist \
    KMNIST_DIR=/data/kmnist \
    OWN_IMAGES_DIR=/data/own
USER lab
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD [".venv/bin/python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/healthz', timeout=4)"]
CMD [".venv/bin/python", "-m", "streamlit", "run", "app.py"]
