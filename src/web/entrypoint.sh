#!/bin/sh
# Writes the settings that are known only at the start (this pod's names, the api's address), then starts nginx.
#
# Environment:
#   POD_NAME, NODE_NAME  shown on the page; left out if they are not valid Kubernetes names
#   NODE_ADDRESS         shown on the page; left out if it is not an IP address
#   API_UPSTREAM         host:port of the api, default api:8000
#   TRUSTED_PROXIES      addresses and ranges, separated by spaces, whose X-Forwarded headers are believed; default none
#   LIMIT_REQUESTS       requests to the api that each client address may make in a second, and twice as many more at one
#                        moment; default 0: any
#   LIMIT_CONNECTIONS    connections on which each client address may ask at one moment; default 0: any
#   LISTEN               addresses separated by spaces, default: port 8080, IPv4 and IPv6 where the kernel has it
#   RUN_DIR              the only folder that nginx writes to, default /tmp/nginx
#   RESOLV_CONF          default /etc/resolv.conf
set -eu
umask 022

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
run=${RUN_DIR:-/tmp/nginx}

die() {
  printf 'entrypoint: %s\n' "$1" >&2
  exit 64
}

# Prints $2 if it is a DNS-1123 subdomain; any other text could change the meaning of the configuration.
kubernetes_name() {
  case $2 in
    '') return ;;
    *[!a-z0-9.-]* | -* | .* | *- | *.) ;;
    *)
      if [ "${#2}" -le 253 ]; then
        printf '%s' "$2"
        return
      fi
      ;;
  esac
  printf 'entrypoint: %s is no Kubernetes name and is left out\n' "$1" >&2
}

# Prints $2 if it looks like an IP address; any other text could change the meaning of the configuration.
ip_address() {
  case $2 in
    '') return ;;
    *[!0-9A-Fa-f.:]*) ;;
    *:*:* | [0-9]*.[0-9]*.[0-9]*.[0-9]*)
      if [ "${#2}" -le 45 ]; then
        printf '%s' "$2"
        return
      fi
      ;;
  esac
  printf 'entrypoint: %s is no IP address and is left out\n' "$1" >&2
}

# Prints the first value of each line with a keyword in resolv.conf: for search, the namespace's own domain.
resolv_conf() {
  while read -r keyword value _ || [ -n "$keyword" ]; do
    if [ "$keyword" = "$1" ]; then
      printf '%s\n' "$value"
    fi
  done <"${RESOLV_CONF:-/etc/resolv.conf}"
}

upstream=${API_UPSTREAM:-api:8000}
host=${upstream%:*}
port=${upstream##*:}
case $host in
  '' | *[!A-Za-z0-9.:_-]*)
    # The one other form is an IPv6 address in brackets: [2001:db8::1]:8000.
    case $host in
      \[*[!0-9A-Fa-f:]*\] | \[\]) die "API_UPSTREAM=$upstream: not host:port" ;;
      \[*\]) ;;
      *) die "API_UPSTREAM=$upstream: not host:port" ;;
    esac
    ;;
  *:*) die "API_UPSTREAM=$upstream: an IPv6 address stands in brackets" ;;
esac
case $port in
  '' | "$upstream" | *[!0-9]* | ??????*) die "API_UPSTREAM=$upstream: not host:port" ;;
esac

case $host in
  localhost) host=127.0.0.1 ;;
  *.* | \[*) ;;
  *)
    # nginx asks the DNS for exactly this name; it does not use the search list.
    domain=$(resolv_conf search | head -n 1)
    case $domain in
      '' | . | *[!A-Za-z0-9._-]*) ;;
      *) host=$host.${domain%.} ;;
    esac
    ;;
esac

servers=''
for server in $(resolv_conf nameserver); do
  case $server in
    *[!0-9A-Fa-f.:]*) ;; # such as fe80::1%eth0: nginx has no scopes
    *:*:*) servers="$servers [$server]" ;;
    *) servers="$servers $server" ;;
  esac
done

listen=${LISTEN:-}
if [ -z "$listen" ]; then
  listen=8080
  # A kernel with IPv6 has this file. Its size is 0 always, as that of every file in /proc.
  if [ -e /proc/net/if_inet6 ]; then
    listen='8080 [::]:8080'
  fi
fi
case $listen in
  *[!0-9A-Fa-f.:\ \[\]]*) die "LISTEN=$listen: addresses and ports only" ;;
esac

case ${TRUSTED_PROXIES:-} in
  *[!0-9A-Fa-f.:/\ ]*) die "TRUSTED_PROXIES=$TRUSTED_PROXIES: addresses and ranges only" ;;
esac

requests=${LIMIT_REQUESTS:-0}
connections=${LIMIT_CONNECTIONS:-0}
for number in "$requests" "$connections"; do
  case $number in
    '' | *[!0-9]* | ??????*) die "LIMIT_REQUESTS=$requests, LIMIT_CONNECTIONS=$connections: whole numbers only" ;;
  esac
done

# A folder name that changes with any script or style.
assets=$(cd "$here/html" && find css js -type f | sort | xargs sha256sum | sha256sum | cut -c 1-16)

mkdir -p "$run/page"
sed -E "s#(href|src)=\"(css|js)/#\1=\"assets/$assets/\2/#" "$here/html/index.html" >"$run/page/index.html"
# nginx makes an ETag of the file's time and size. Every pod gives the same page the same one, another page another.
stamp=$(sha256sum <"$run/page/index.html" | cut -c 1-7)
touch -d "@$((0x$stamp))" "$run/page/index.html"
printf 'location ^~ /assets/%s/ { alias html/; }\n' "$assets" >"$run/assets.conf"
cat >"$run/identity.conf" <<EOF
map "" \$pod_name { default "$(kubernetes_name POD_NAME "${POD_NAME:-}")"; }
map "" \$node_name { default "$(kubernetes_name NODE_NAME "${NODE_NAME:-}")"; }
map "" \$node_address { default "$(ip_address NODE_ADDRESS "${NODE_ADDRESS:-}")"; }
map \$uri \$caching { ~^/assets/$assets/ "public, max-age=31536000, immutable"; }
EOF
for proxy in ${TRUSTED_PROXIES:-}; do
  printf 'set_real_ip_from %s;\n' "$proxy"
done >"$run/proxies.conf"
for proxy in ${TRUSTED_PROXIES:-}; do
  printf '%s 1;\n' "$proxy"
done >"$run/trusted.conf"
# A proxy sends a request on a connection that it believes to be open. So it has to be the one that closes idle ones:
# Traefik does so after 90 s, Envoy after an hour.
if [ -n "${TRUSTED_PROXIES:-}" ]; then
  printf 'keepalive_timeout 61m 61m;\n'
else
  printf 'keepalive_timeout 75s;\n'
fi >"$run/keepalive.conf"
# A zone takes its memory only where there is something to count.
{
  if [ "$requests" -gt 0 ]; then echo "limit_req_zone \$limited_api zone=requests:10m rate=${requests}r/s;"; fi
  if [ "$connections" -gt 0 ]; then echo "limit_conn_zone \$limited zone=connections:10m;"; fi
} >"$run/zones.conf"
{
  if [ "$requests" -gt 0 ]; then printf 'limit_req zone=requests burst=%s nodelay;\n' "$((2 * requests))"; fi
  if [ "$connections" -gt 0 ]; then printf 'limit_conn connections %s;\n' "$connections"; fi
} >"$run/limits.conf"
if [ -n "$servers" ]; then
  printf 'resolver%s valid=5s;\n' "$servers"
fi >"$run/resolver.conf"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
  printf 'server %s:%s resolve max_fails=0;\n' "$host" "$port"
done >"$run/api.conf"
for address in $listen; do
  # As many as the kernel lets wait until they are accepted.
  printf 'listen %s backlog=4096;\n' "$address"
done >"$run/listen.conf"

# nginx reads `include x` from the folder of its configuration file, and `root x` from the folder of -p.
ln -sfn "$here/nginx.conf" "$here/html" "$run"
exec nginx -p "$run/" -e stderr -c "$run/nginx.conf" -g 'daemon off;'
