# Two stages: the first makes what is not in the repository (the pages' script, the translations,
# the installed requirements), with the same commands as `make run`; the second runs it.

FROM python:3.13-slim AS build
WORKDIR /app
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make=4.* \
    && rm -rf /var/lib/apt/lists/*
COPY requirements*.txt ./
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
RUN make messages frontend \
    && .venv/bin/python -m healthcode.tools.run.environment \
        .venv/bin/python manage.py collectstatic --noinput \
    && rm -rf .venv node_modules healthcode/tools

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=healthcode.settings
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin healthcode
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["granian", "--host", "0.0.0.0", "--port", "8000", "--workers", "1", "--interface", "asgi", \
     "--http", "1", "--no-ws", "--backlog", "4096", "--backpressure", "4096", \
     "--http1-header-read-timeout", "10000", "--workers-kill-timeout", "5", \
     "--factory", "healthcode.asgi:begin"]
