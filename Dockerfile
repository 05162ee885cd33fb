# Two stages: what is needed to install stays behind.
FROM python:3.11-slim AS build
WORKDIR /app
COPY pyproject.toml constraints.txt README.md ./
COPY tzurot ./tzurot
COPY migrations ./migrations
RUN python -m venv /app/.venv \
 && /app/.venv/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt -e . \
 && /app/.venv/bin/python -m compileall -q --invalidation-mode unchecked-hash tzurot \
 && /app/.venv/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim
# a named account, because Postgres' initdb insists on one
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin tzurot \
 && install -d -o tzurot -g tzurot -m 0700 /data
WORKDIR /app
COPY --from=build /app /app
COPY config.toml ./
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TZUROT_DATABASE__DATA_DIR=/data \
    TZUROT_HEALTH__HOST=0.0.0.0
USER tzurot
VOLUME /data
EXPOSE 8080
# alive is not enough: healthy means that Discord and the database are both there
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; port = os.environ.get('TZUROT_HEALTH__PORT') or 8080; u.urlopen(f'http://127.0.0.1:{port}/readyz', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["tzurot", "run"]
