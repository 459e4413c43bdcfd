# The product on Airflow's own image. What runs is exactly requirements.lock, in an environment of
# its own: the packages that the base image brings are not on its path. The code belongs to root and
# the process does not run as root, so that it can't change itself.

# To pin the base by content as well: --build-arg AIRFLOW_IMAGE=apache/airflow@sha256:…
ARG AIRFLOW_IMAGE=apache/airflow:3.3.2-python3.11

FROM ${AIRFLOW_IMAGE} AS build
USER root
# The base image installs into the user's home by default, which an environment can't.
ENV PIP_USER=0 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3.11 -m venv /opt/venv
COPY requirements.lock /build/
# --only-binary: nothing in the lock gets to run a set-up script.
RUN /opt/venv/bin/pip install --no-deps --require-hashes --only-binary :all: -r /build/requirements.lock \
    && /opt/venv/bin/pip check
COPY pyproject.toml README.md LICENSE /build/
COPY include /build/include
RUN /opt/venv/bin/pip install --no-deps --no-build-isolation --no-index /build

FROM ${AIRFLOW_IMAGE}
USER root
COPY --from=build /opt/venv /opt/venv
COPY dags /opt/airflow/dags
COPY plugins /opt/airflow/plugins
COPY deploy/first_start.py /opt/airflow/deploy/first_start.py
# A new volume takes over owner and mode of the folder it is mounted on. An airflow.cfg that exists,
# though empty, keeps Airflow from writing one with keys of its own.
RUN touch /opt/airflow/airflow.cfg \
    && install -d -o 50000 -g 0 -m 0770 /opt/airflow/logs \
    && install -d -o 50000 -g 0 -m 0700 /opt/airflow/staging /opt/airflow/archive \
    && install -d -o root -g 0 -m 0755 /opt/airflow/couplings /opt/keys \
    && install -d -o 50000 -g 0 -m 0750 /opt/keys/postgres /opt/keys/redis \
    && install -d -o 50000 -g 0 -m 0700 /opt/keys/control /opt/keys/workers /opt/keys/ledger /opt/keys/login
ENV PATH=/opt/venv/bin:${PATH} \
    VIRTUAL_ENV=/opt/venv \
    PYTHONDONTWRITEBYTECODE=1 \
    GX_ANALYTICS_ENABLED=False
USER 50000:0
