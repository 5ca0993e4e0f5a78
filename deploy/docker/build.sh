#!/usr/bin/env bash
# Builds the image, starts both of its programs as the pod does, and prints its size. The environment variable BASE
# names the base image. Without it, a Debian base is built from packages, so that no image is pulled.
set -euo pipefail
cd "$(dirname "$0")/../.."

image=elbv2-trafficrouter
debian=localhost/$image-debian
export BUILDAH_ISOLATION=chroot # needs no container runtime

main() {
  if ((EUID)); then
    echo "make image must run as root, on Debian. It installs the packages buildah and debootstrap if they are missing." >&2
    exit 1
  fi
  work=$(mktemp -d)
  containers=()
  trap 'buildah rm "${containers[@]}" &>"$work/log" || true; rm -rf "$work"' EXIT
  install_tools
  if [[ -z ${BASE:-} ]] && ! buildah inspect --type image "$debian" &>"$work/log"; then
    build_debian
  fi
  build "${BASE:-$debian}"
  start
  echo "$image: $(size "$image"), including $(size "${BASE:-$debian}") of its base image"
}

install_tools() {
  command -v buildah >"$work/log" && command -v debootstrap >"$work/log" && return
  quietly apt-get update
  quietly env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends buildah debootstrap
}

build_debian() {
  local container
  quietly debootstrap --variant=minbase --include=python3-venv trixie "$work/debian"
  rm -rf "$work"/debian/var/{cache/apt,lib/apt/lists}/*
  container=$(buildah from scratch)
  containers+=("$container")
  quietly buildah add "$container" "$work/debian" /
  buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  quietly buildah commit "$container" "$debian"
}

build() {
  (umask 077 && sh -c 'export -p' | sed -n '/^export PIP_/p' >"$work/pip")
  buildah rmi "$image" &>"$work/log" || true # the previous image would remain, without a name
  quietly buildah build --file deploy/docker/Dockerfile --build-arg BASE="$1" --tag "$image" \
    --secret id=pip,src="$work/pip" ${PIP_CERT:+"--volume=$PIP_CERT:$PIP_CERT:ro"} .
}

start() {
  local container root user
  container=$(buildah from "$image")
  containers+=("$container")
  root=$(buildah mount "$container")
  mkdir "$root/plugin" "$root/run/$image"
  user=$(image_config '{{.User}}')
  mapfile -t environment < <(image_config '{{range .Env}}{{println .}}{{end}}')
  mapfile -t entrypoint < <(image_config '{{range .Entrypoint}}{{println .}}{{end}}')
  timeout 60 unshare --mount --pid --fork --kill-child bash -euo pipefail -c "
    $(declare -p root user environment entrypoint)
    $(declare -f pod run_contained)
    pod"
}

# Runs both programs on the image's file system, which is read-only except for the pod's two volumes.
pod() {
  local volume socket=unix:///run/elbv2-trafficrouter/router.sock
  mount --bind -o ro "$root" "$root"
  mount -t proc proc "$root/proc"
  for volume in plugin run/elbv2-trafficrouter; do
    mount -t tmpfs -o "mode=2777,gid=${user#*:}" tmpfs "$root/$volume"
  done
  run_contained trafficrouter-bridge --install /plugin
  run_contained "${entrypoint[@]}" serve --listen "$socket" &
  until run_contained trafficrouter-bridge --health --address "$socket" 2>/dev/null; do sleep 0.5; done
}

# Runs a command as the image's user, without any privileges.
run_contained() {
  chroot "$root" /usr/bin/env -i "${environment[@]}" setpriv --reuid="${user%:*}" --regid="${user#*:}" --clear-groups \
    --bounding-set=-all --no-new-privs "$@"
}

image_config() { buildah inspect --type image --format "{{with .OCIv1.Config}}$1{{end}}" "$image"; }

size() { buildah images --format '{{.Size}}' "$1"; }

quietly() {
  "$@" &>"$work/log" || {
    cat "$work/log" >&2
    exit 1
  }
}

main
