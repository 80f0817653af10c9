#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything as a new user has it, in a Debian of its own where nothing is installed: builds the packages in one root; in another
# one installs them, builds outside programs, and runs the example of every binding, which must all find the same classes.
#   new_user.sh WORK_FOLDER [SUITE [MIRROR]]      the suite is trixie unless named, whose languages are new enough for all bindings
# Needs root, debootstrap and a network; takes some 10 minutes and 6 GB. Ends with 77 where it cannot run.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# = 0 ]; then sed -n '3,6s/^# \{0,1\}//p' "$0" >&2; exit 1; fi
work=$(mkdir -p "$1" && cd "$1" && pwd)
suite=${2:-trixie}
mirror=${3:-$(sed -n 's/^URIs: *//p; s/^deb \(http[^ ]*\).*/\1/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null | head -n 1 || true)}
mirror=${mirror:-http://deb.debian.org/debian}
[ "$(id -u)" = 0 ] || { echo "skipped: not root"; exit 77; }
command -v debootstrap >/dev/null || { echo "skipped: no debootstrap"; exit 77; }

step() { printf '\n== %s\n' "$*"; }

mounted=
unmount() { for root in $mounted; do umount --lazy "$root/proc"; done; }
trap unmount EXIT

fresh() { # NAME  a root with nothing but Debian's base; devices are the few that debootstrap makes
    rm -rf --one-file-system "${work:?}/$1"
    cp -a "$work/base" "$work/$1"
    mount -t proc proc "$work/$1/proc"
    mounted="$mounted $work/$1"
    mkdir "$work/$1/src"
    git ls-files -z --cached --others --exclude-standard | tar c --null -T - | tar x -C "$work/$1/src"
}
inside() { # NAME COMMAND...
    local root=$work/$1
    shift
    chroot "$root" env HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}
quietly() { # LOG COMMAND...
    local log=$work/$1.log
    shift
    "$@" >"$log" 2>&1 || { tail -n 40 "$log"; exit 1; }
}

step "Debian $suite"
if [ ! -e "$work/base/etc/debian_version" ]; then
    rm -rf --one-file-system "$work/base"
    quietly debootstrap debootstrap --variant=minbase --include=ca-certificates "$suite" "$work/base" "$mirror"
    echo force-unsafe-io >"$work/base/etc/dpkg/dpkg.cfg.d/unsafe-io" # no file of it has to survive a power cut
    cp /etc/resolv.conf "$work/base/etc/" 2>/dev/null || true
    # Where the network has a certificate authority of its own, this machine's list knows it.
    cp -L "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$work/base/etc/ssl/certs/ca-certificates.crt" 2>/dev/null || true
fi
cat "$work/base/etc/debian_version"

step "packages, built from this checkout"
fresh builder
quietly builder-tools inside builder /src/scripts/install_packages.sh deb
quietly packages inside builder /src/scripts/make_packages.sh /packages
ls "$work/builder/packages"

step "installed where nothing else is"
fresh user
cp -r "$work/builder/packages" "$work/user/packages"
quietly install inside user sh -c 'apt-get update -q && apt-get install -y -q --no-install-recommends /packages/*.deb'
inside user wrn --version
inside user sh -c "wrn classify cifar10 -k 1 /src/examples/images/*.jpg"

step "the languages"
quietly languages inside user sh -c 'apt-get install -y -q --no-install-recommends gcc g++ make cmake pkg-config libopencv-dev \
    python3-numpy python3-pil python3-pip python3-venv golang-go cargo nodejs npm default-jdk-headless libjna-java'

inside user bash /src/tests/install/new_user_inside.sh /src

step "removed again"
quietly remove inside user sh -c 'apt-get purge -y -q "libwrn*" wrn-tools'
left=$(inside user sh -c 'find /usr /etc /var/lib/dpkg/info -name "*wrn*" ! -path "/usr/local/*"')
[ ! "$left" ] || { echo "left behind: $left"; exit 1; }
echo "nothing is left"
