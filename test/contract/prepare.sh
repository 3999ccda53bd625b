#!/usr/bin/env bash
# prepare.sh DIR: makes in DIR what the tests of the contract run: npm's packages, as the lock file has
# them (installed again only when it changes), the types of a client, generated from the contract, and
# this folder's TypeScript compiled, strictly.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
readonly here dir=$1

for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "prepare.sh: $tool is missing: run scripts/setup.sh" >&2; exit 1; }
done

mkdir -p "$dir"
cd "$dir"
rm -rf ./*.ts dist
cp "$here"/*.ts "$here"/tsconfig.json "$here"/package.json "$here"/package-lock.json "$here"/.npmrc .
if ! cmp -s package-lock.json installed-lock.json; then
  npm ci --prefer-offline --loglevel=error || {
    echo "prepare.sh: npm could not install what test/contract/package-lock.json lists (above)" >&2
    exit 1
  }
  cp package-lock.json installed-lock.json
fi
# What has a default may be left out of a request.
node_modules/.bin/openapi-typescript "$here/../../openapi/rocd.yaml" --output api.d.ts --default-non-nullable=false
node_modules/.bin/tsc --project .
