# An image with the command `run` in it. The base must have Python 3.11 or newer:
#
#   docker build -t engine-recipes .
#   docker build -t engine-recipes --build-arg BASE=my-python .
#
# It runs scenarios of the folder on the engine whose socket it is given:
#
#   docker run --rm -v "$PWD:/work" -v /var/run/docker.sock:/var/run/docker.sock engine-recipes hello.yaml

ARG BASE=python:3.13-slim

FROM ${BASE} AS build
# Such as --no-index --find-links /src/wheels, to build without a network.
ARG PIP_OPTIONS=""
COPY . /src
RUN python3 -m venv /tmp/pip \
    && python3 -m venv --without-pip /opt/engine-recipes \
    && /tmp/pip/bin/pip --python /opt/engine-recipes/bin/python --disable-pip-version-check \
        install --quiet --no-cache-dir ${PIP_OPTIONS} /src

FROM ${BASE}
COPY --from=build /opt/engine-recipes /opt/engine-recipes
ENV PATH=/opt/engine-recipes/bin:$PATH
WORKDIR /work
ENTRYPOINT ["run"]
