# Two servers, one fate: where either ends, the container does.
set -eu
database=/var/lib/powerdns/zones.sqlite3
if [ ! -s "$database" ]; then
  sqlite3 "$database.new" < /opt/dns/schema.sql
  mv "$database.new" "$database"
fi
chown -R pdns:pdns /var/lib/powerdns /etc/powerdns/pdns.d
pdns_server --daemon=no --guardian=no --disable-syslog --write-pid=no &
# 127.0.0.11 is Docker's resolver, which knows how this machine reaches the world.
dnsmasq --keep-in-foreground --user=root --log-facility=- --no-resolv --no-hosts --cache-size=0 \
  --server=/test/127.0.0.1#5300 \
  --server=/18.198.in-addr.arpa/127.0.0.1#5300 \
  --server=/8.b.d.0.1.0.0.2.ip6.arpa/127.0.0.1#5300 \
  --server=127.0.0.11 &
trap 'kill $(jobs -p) 2>/dev/null' TERM INT
wait -n || true
kill $(jobs -p) 2>/dev/null || true
wait
