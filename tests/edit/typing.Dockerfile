from node:22 as deps
arg REGISTRY
env npm_config_registry=$<|>REGISTRY
run --mount=type=secret,<|>
copy --<|>
from nginx
copy --from=<|>
run set -eu; \
  for name in $npm_config_registry; do echo "$name"; done && \
  <|>
onbuild <|>
