FROM python:3.11-slim-bookworm AS build
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
COPY requirements-install.txt requirements.txt ./
RUN python -m venv /opt/uv && /opt/uv/bin/pip install --require-hashes -r requirements-install.txt \
 && python -m venv --without-pip /opt/venv \
 && /opt/uv/bin/uv pip install --no-cache --compile-bytecode --require-hashes --python /opt/venv/bin/python -r requirements.txt
COPY . .
# What does not depend on the place: catalogues, and static files compressed once. Demo mode asks for no secret.
RUN export PORTAL_ENV=demo PORTAL_STATE=/tmp/build STATIC_ROOT=/app/static-collected PATH=/opt/venv/bin:$PATH \
 && python manage.py compile_catalogs && python manage.py collectstatic --noinput --verbosity 0

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --create-home --home-dir /var/lib/portal --shell /usr/sbin/nologin portal \
 && install -d -o portal -g portal -m 0700 /var/lib/portal /var/lib/portal/media
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PORTAL_STATE=/var/lib/portal STATIC_ROOT=/app/static-collected
USER portal
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn"]
