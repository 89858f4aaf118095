# docker build -t budget-arbiter .
ARG BASE=node:24-slim

FROM ${BASE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc LICENSE ./
RUN npm ci --no-update-notifier
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY dashboard dashboard
COPY docker docker
RUN npm run build && npm prune --omit=dev && node docker/prune.mjs dist node_modules
# The volume of the runtime stage starts as a copy of this folder, with its owner.
RUN install -d -o 1000 -g 1000 /data

FROM ${BASE}
ARG BASE
# The commit that this is built from: --build-arg REVISION="$(git rev-parse HEAD)"
ARG REVISION=unknown
LABEL org.opencontainers.image.title="budget-arbiter" \
      org.opencontainers.image.description="Shares one monthly LLM token allowance between many AIs." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="${BASE}"
# Open addresses, and nothing that permits them: the service refuses to start until credentials are configured or
# ALLOW_INSECURE=true says that the network around it is trusted.
ENV GRPC_ADDRESS=0.0.0.0:50051 HTTP_ADDRESS=0.0.0.0:8080
COPY --from=build /build/package.json /build/LICENSE /app/
COPY --from=build /build/node_modules /app/node_modules
COPY --from=build /build/dist /app/dist
COPY --from=build --chown=1000:1000 /data /data
# So that an operator can say: docker exec CONTAINER budget-arbiter status
RUN ln -s /app/dist/bin.js /usr/local/bin/budget-arbiter
# A number, so that an orchestrator can see that it is not root.
USER 1000:1000
# DATA_DIR is ./data, so here it is the volume.
WORKDIR /
VOLUME /data
EXPOSE 50051 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s CMD ["node", "/app/dist/bin.js", "health"]
# No shell between: SIGTERM reaches the service, which drains.
ENTRYPOINT ["node", "/app/dist/bin.js"]
