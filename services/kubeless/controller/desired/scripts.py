"""
The shell scripts of a function pod's first steps.

They are constants: all that differs between functions comes through the environment, so nothing a person typed is
ever read as shell. What they print last ends up in the function's condition.
"""

PREPARE = """\
set -eu
fail() { echo "$1" >&2; exit 1; }
volume="${KUBELESS_INSTALL_VOLUME:-/kubeless}"
scratch="$volume/.kubeless-source"
trap 'rm -f "$scratch"' EXIT
case "$FUNC_CONTENT_TYPE" in
  *base64*) base64 -d < "$FUNC_SOURCE" > "$scratch" || fail "spec.function is not base64" ;;
  *url*) curl --fail --location --silent --show-error --proto =http,https --proto-redir =http,https \\
      --max-time 300 --output "$scratch" --url "$FUNC_SOURCE" || fail "cannot download $FUNC_SOURCE" ;;
  *) cat < "$FUNC_SOURCE" > "$scratch" ;;
esac
if [ -n "$FUNC_CHECKSUM" ]; then
  expected=$(printf %s "${FUNC_CHECKSUM#sha256:}" | tr A-F a-f)
  actual=$(sha256sum < "$scratch" | cut -c 1-64)
  [ "$actual" = "$expected" ] ||
    fail "checksum mismatch: the source is sha256:$actual, spec.checksum says $FUNC_CHECKSUM"
fi
case "$FUNC_CONTENT_TYPE" in
  *zip*) unzip -o -q "$scratch" -d "$volume" || fail "spec.function is not a zip archive that can be unpacked" ;;
  *compressedtar*) tar -x -f "$scratch" -C "$volume" --no-same-owner ||
    fail "spec.function is not a tar archive that can be unpacked" ;;
  *) cat < "$scratch" > "$FUNC_TARGET" ;;
esac
if [ -s "$FUNC_DEPS" ]; then cat < "$FUNC_DEPS" > "$volume/${FUNC_DEPS##*/}"; fi
"""

CHECK_DEPS = """\
actual=$(sha256sum < "$KUBELESS_DEPS_FILE" | cut -c 1-64)
if [ -n "$FUNC_DEPS_CHECKSUM" ] && [ "sha256:$actual" != "$FUNC_DEPS_CHECKSUM" ]; then
  echo "checksum mismatch: $KUBELESS_DEPS_FILE is not what spec.deps says" >&2
  exit 1
fi
"""
