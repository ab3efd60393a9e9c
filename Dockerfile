# The image runs one part: `serve` (the default), `worker` or `migrate`. PostgreSQL and Redis are elsewhere.
FROM python:3.13-slim AS build
RUN python -m venv /opt/venv
WORKDIR /opt/tidemark
COPY . .
RUN /opt/venv/bin/pip install --no-cache-dir --constraint requirements.lock '.[otel]'

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/tidemark --create-home tidemark
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ENVIRONMENT=production \
    HOST=0.0.0.0
USER tidemark
WORKDIR /var/lib/tidemark
EXPOSE 8009
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('PORT', '8009')}/health\", timeout=2)"]
ENTRYPOINT ["tidemark"]
CMD ["serve"]
