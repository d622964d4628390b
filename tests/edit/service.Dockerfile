# syntax=docker/dockerfile:1
# check=skip=Stage<|>NameCasing
# What is built on
ARG GO_VERSION=1.24
FROM --platform=$BUILDPLATFORM golang:${GO_<|>VERSION}-bookworm AS buil<|>d
ARG TARGETOS TARGETARCH
ARG VERSION=dev
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=ca<|>che,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    # the version shows in --version
    go build -ldflags "-X main.version=${VERS<|>ION}" -o /out/service ./cmd/service

FROM build AS test
RUN go vet ./... && go test ./... | tee /tmp/log

FROM distroless/static:nonroot
LABEL org.opencontainers.image.title="service" \
      org.opencontainers.image.ver<|>sion="$VERSION"
COPY --from=bu<|>ild --chown=65532:65532 /out/service /usr/bin/service
COPY <<EOF /etc/service.toml
port = 8080
path = "$PA<|>TH"
EOF
EXPOSE 8080/t<|>cp
HEALTHCHECK --interval=30s CMD<|> ["service", "check"]
ENTRYPOINT ["service"]
