#!/bin/sh
# Install, on Debian and its like, what the benchmark of the peers needs and what is not there yet.
#
# It needs root where something is missing. The IRC daemons are not started, now or at boot: the
# benchmark starts its own. What runs already is left alone.
set -eu

PATH=$PATH:/usr/sbin:/sbin
policy=/usr/sbin/policy-rc.d
packages=
daemons=

needs() { # PROGRAM PACKAGE
    command -v "$1" > /dev/null || packages="$packages $2"
}

needs_daemon() { # PROGRAM, which is the name of the package and the service, too
    command -v "$1" > /dev/null || daemons="$daemons $1"
}

needs gcc gcc
needs go golang-go
needs node nodejs
needs openssl openssl
# Debian has a compiler without headers, and a library of TLS without them.
[ -e /usr/include/openssl/ssl.h ] || packages="$packages libssl-dev"
[ -e /usr/include/stdio.h ] || packages="$packages libc6-dev"
needs_daemon inspircd
needs_daemon ngircd

[ -n "$packages$daemons" ] || exit 0

if [ "$(id -u)" != 0 ]; then
    echo "As root: apt-get install --no-install-recommends$packages$daemons" >&2
    exit 1
fi

# The packages ask this file whether they may start their services: 101 is no.
if [ -n "$daemons" ] && [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update
# shellcheck disable=SC2086 # They are words.
apt-get install --yes --no-install-recommends $packages $daemons

if command -v systemctl > /dev/null; then
    for daemon in $daemons; do
        systemctl disable "$daemon" || true
    done
fi
