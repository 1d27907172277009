# Shared by the scripts here; sourced, not run.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
export NEXT_TELEMETRY_DISABLED=1 DEBIAN_FRONTEND=noninteractive
STAMPS=$ROOT/dist/.stamps

say() { printf '%s\n' "$*" >&2; }
die() {
	say "$*"
	exit 1
}

is_debian_12() { (. /etc/os-release && [ "$ID $VERSION_ID" = "debian 12" ]) 2> /dev/null; }

# Where Debian's archive is, out of the file in which python-apt describes it.
debian_archive() { # file
	sed -n 's|^BaseURI: *\(.*/debian\)/*$|\1|p' "$1" 2> /dev/null | head -1 | grep .
}

# What other systems have from Debian 12: package lists, and what setup unpacks. Root's is for everybody to use.
DEBIAN_CACHES=(/var/cache/skbtracer/debian)
[ "$(id -u)" = 0 ] || DEBIAN_CACHES=("${XDG_CACHE_HOME:-$HOME/.cache}/skbtracer/debian" "${DEBIAN_CACHES[@]}")
[ -z "${SKBTRACER_DEBIAN_CACHE-}" ] || DEBIAN_CACHES=("$(realpath -m "$SKBTRACER_DEBIAN_CACHE")")
DEBIAN_CACHE=${DEBIAN_CACHES[0]}

# A libbpf that is new enough, for pkg-config to find: this system's or an unpacked one.
find_libbpf() {
	local cache pc
	! pkg-config --atleast-version=0.8 libbpf || return 0
	for cache in "${DEBIAN_CACHES[@]}"; do
		pc=$cache/root/usr/lib/x86_64-linux-gnu/pkgconfig
		[ -r "$pc/libbpf.pc" ] || continue
		export PKG_CONFIG_PATH=$pc${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
		return 0
	done
	return 1
}

# A bpftool that works, unpacked or this system's. Ubuntu's is a script that wants the running kernel's own.
find_bpftool() {
	local candidate
	for candidate in "${DEBIAN_CACHES[@]/%//root/usr/sbin/bpftool}" $(PATH=$PATH:/usr/sbin:/sbin type -ap bpftool); do
		if "$candidate" version > /dev/null 2>&1; then
			printf '%s\n' "$candidate"
			return 0
		fi
	done
	return 1
}

# A browser that tests can drive: the one in CHROMIUM, this system's, which is none if it is a snap, or an unpacked one.
find_chromium() {
	local candidate
	for candidate in ${CHROMIUM:+"$CHROMIUM"} $(type -ap chromium) "${DEBIAN_CACHES[@]/%//chromium/run}"; do
		if [ -x "$candidate" ] && [[ $candidate != /snap/* ]]; then
			printf '%s\n' "$candidate"
			return 0
		fi
	done
	return 1
}

# What root makes in somebody else's checkout (sudo npm start) is theirs, or they could not build again.
give_back() { # files and folders
	local owner path
	owner=$(stat -c %u:%g "$ROOT")
	[ "$(id -u)" = 0 ] && [ "${owner%%:*}" != 0 ] || return 0
	for path in "$@"; do
		[ ! -e "$path" ] || chown -R --no-dereference "$owner" "$path"
	done
}

# A stamp holds a hash of what a step was made of: the step is done again when that changed.
hash_of() { # files and folders
	local path
	for path in "$@"; do
		[ -e "$path" ] || continue
		find "$path" -type f ! -path '*/build/*' ! -path '*/node_modules/*' -print0
	done | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}
is_fresh() { # name, hash
	[ -f "$STAMPS/$1" ] && [ "$(cat "$STAMPS/$1")" = "$2" ]
}
mark_fresh() {
	mkdir -p "$STAMPS"
	printf '%s\n' "$2" > "$STAMPS/$1"
}
