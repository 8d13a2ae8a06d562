# One image, two programs: operator.js (the default) and agent.js, which the repair Job and the proof pod run on a node.
#
#   docker build -t dnshealth-operator:0.1.0 .
#
# BuildKit finds out by itself which of the two builds is needed; older buildahs do not, and want the second way.
# Where no registry is reachable, or with such a buildah: npm run build on the host, then
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
COPY LICENSE /app/LICENSE
WORKDIR /app
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 8080
# For little memory rather than speed, because the operator waits nearly all the time: no optimising compilers, which
# cost 8 MiB of the binary's pages and more of heap, and a heap that is collected after it has grown a little, because
# after a list most of it is garbage. Not --lite-mode or --jitless: without WebAssembly there is no HTTP/1.1.
ENTRYPOINT ["/usr/local/bin/node", "--no-opt", "--no-maglev", "--no-sparkplug", "--optimize-for-size", "--max-semi-space-size=1", "--heap-growing-percent=15", "--max-old-space-size=96"]
CMD ["/app/operator.js"]
