# Debian 13 builds Verdict and tests it. The image is what the two programs need of it, and nothing else: no shell, no
# package manager. `./dev image` builds it; deploy/README.md says how to run it.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE} AS build
WORKDIR /verdict
# Before the sources, so that a change of those does not fetch the packages again.
COPY dev .
RUN ./dev setup image
COPY . .
RUN ./dev build
RUN ./dev test
RUN deploy/image/rootfs /rootfs

FROM scratch
COPY --from=build /rootfs /
USER 65532:65532
ENV VERDICT_LOG_FORMAT=json \
    VERDICT_MODEL=/usr/share/verdict/models/demo
EXPOSE 50051 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["verdict", "health", "--timeout=4s"]
ENTRYPOINT ["verdictd"]
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="Verdict" \
      org.opencontainers.image.description="Text classification with DistilBERT over gRPC, on plain CPUs" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
