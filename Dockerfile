# One image with three programs: operator.js (the default); agent.js, which the repair Job and checks run; and the kubectl
# plugin, kubectl-dnshealth.js. `make image` builds the same without Docker, and takes what is below the last FROM from here.
#
#   docker build -t dnshealth-operator:0.1.0 .
#
# BuildKit runs only the build stage that is needed. Older versions of buildah run both; for those, or if no registry is
# reachable, run `npm run build` on the host and then build the image with
#   --build-arg BUILD=prebuilt --build-arg BASE=<an image with glibc, libstdc++ and CA certificates>
ARG BUILD=source
ARG NODE_IMAGE=node:24-bookworm-slim
ARG BASE=gcr.io/distroless/cc-debian12

FROM ${NODE_IMAGE} AS build-source
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM scratch AS build-prebuilt
COPY dist/ /src/dist/

FROM build-${BUILD} AS build

FROM ${BASE}
COPY --from=build /src/dist/bin/node /usr/local/bin/node
COPY --from=build /src/dist/app/ /app/
COPY --from=build /src/dist/plugin/ /app/plugin/
COPY --from=build /src/dist/kubectl-dnshealth.js /app/
COPY LICENSE /app/LICENSE
WORKDIR /app
# glibc keeps freed memory for each thread that has used any, and raises its thresholds after the first large buffers, which
# a page of nodes is. One arena and fixed thresholds need 15 MiB less (docs/adr/0004); another libc ignores them.
ENV NODE_ENV=production MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=65536 MALLOC_MMAP_THRESHOLD_=65536
USER 65532:65532
EXPOSE 8080
LABEL org.opencontainers.image.title="dnshealth-operator" \
  org.opencontainers.image.description="Kubernetes operator that finds CoreDNS forwarding loops, repairs the kubelet's resolvConf behind them and proves it with DNS queries" \
  org.opencontainers.image.version="0.1.0" \
  org.opencontainers.image.licenses="Apache-2.0"
# Tuned for memory instead of speed, because the operator is idle most of the time. No optimising compilers: with them it
# needs 16 MiB more (docs/adr/0004). Garbage collection after little growth, because most of the heap is garbage after a
# list. Not --lite-mode or --jitless: HTTP/1.1 needs WebAssembly.
ENTRYPOINT ["/usr/local/bin/node", "--no-opt", "--no-maglev", "--no-sparkplug", "--optimize-for-size", "--max-semi-space-size=1", "--heap-growing-percent=15", "--max-old-space-size=96"]
CMD ["/app/operator.js"]
