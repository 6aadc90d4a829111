# The action's container, and the image for `docker run`. Any builder builds it: nothing here needs BuildKit.
# What it installs is in locks/, to the hash; `make lock` writes that.
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
COPY locks ./locks
# The environment gets no pip: this stage's own installs into it, so that there is nothing to take out again.
RUN python -m venv tools \
 && tools/bin/pip install --no-cache-dir --no-compile --require-hashes --only-binary :all: -r locks/build.txt \
 && python -m venv --without-pip /acp \
 && python -m pip --python /acp/bin/python install --no-cache-dir --no-compile \
      --require-hashes --only-binary :all: -r locks/runtime.txt
COPY LICENSE README.md pyproject.toml ./
COPY acp_action ./acp_action
RUN tools/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --no-index --wheel-dir dist . \
 && python -m pip --python /acp/bin/python install --no-cache-dir --no-compile --no-deps --no-index dist/*.whl
# Sources for compilers and type checkers go. Bytecode comes, with no look at the sources' times when it is read:
# each run is a fresh container, which would compile everything anew.
RUN find /acp/lib -type f \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.h' -o -name '*.a' \) -delete \
 && python -m compileall -q --invalidation-mode unchecked-hash /acp/lib
COPY entrypoint.py /acp/entrypoint.py

FROM ${BASE}
LABEL org.opencontainers.image.title="acp-action" \
      org.opencontainers.image.description="Runs YAML pipelines of AI media steps in parallel" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="https://github.com/acp-action/acp-action" \
      org.opencontainers.image.documentation="https://github.com/acp-action/acp-action#readme"
# The official image has no bytecode of the standard library. Debian removes superseded versions, so none is named.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends espeak-ng \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* \
 && python -m compileall -q --invalidation-mode unchecked-hash \
      -x '/(ensurepip|idlelib|lib2to3|pydoc_data|site-packages|test|tests|tkinter|turtledemo)/' \
      "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=build /acp /acp
# No USER: the workspace and the command files that the runner mounts belong to its user, and only root may write there.
# Files that a run leaves are handed to the workspace's owner.
WORKDIR /github/workspace
# -I: no code from the workspace, HOME or the environment. -u: the log is seen while it is written.
ENTRYPOINT ["/acp/bin/python", "-I", "-u", "-X", "utf8", "/acp/entrypoint.py"]
