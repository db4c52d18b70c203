# One image for web and worker. Every step is one that `make run` and the tests take too.
ARG PYTHON=python:3.11-slim
ARG NODE=node:20-slim

FROM ${NODE} AS frontend
WORKDIR /app/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM ${PYTHON}
RUN apt-get update && apt-get install --yes --no-install-recommends make gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home allelens
WORKDIR /app
COPY requirements.txt ./
RUN python -m pip install --no-cache-dir --require-hashes --requirement requirements.txt
# EXTRA=gpu adds the CUDA build of JAX, of the version that requirements.txt pins.
ARG EXTRA=""
RUN if [ "$EXTRA" = gpu ]; then \
      python -m pip install --no-cache-dir \
        "jax[cuda12]==$(python -c 'import jax; print(jax.__version__)')"; \
    fi
COPY . .
COPY --from=frontend /app/frontend/dist frontend/dist
ENV ALLELENS_HOME=/data DJANGO_SETTINGS_MODULE=webapp.settings.production PYTHONUNBUFFERED=1
RUN mkdir /data && chown allelens /data
USER allelens
VOLUME /data
EXPOSE 8000
