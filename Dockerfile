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
# A small young generation: the operator's live objects are few, its peak memory is what it allocates between two
# collections.
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=2", "--max-old-space-size=96", "--enable-source-maps"]
CMD ["/app/operator.js"]
