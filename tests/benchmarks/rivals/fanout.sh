#!/usr/bin/env bash
# Containers through create, start, wait and remove with the docker CLI, 32 side by side: COUNT.
set -euo pipefail
seq "$1" | xargs -P 32 -I {} sh -ec '
  id=$(docker create alpine true)
  docker start "$id"
  [ "$(docker wait "$id")" = 0 ]
  docker rm -f "$id"
' >/dev/null
