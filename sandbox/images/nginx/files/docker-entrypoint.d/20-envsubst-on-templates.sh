#!/bin/sh
# /etc/nginx/templates/*.template become /etc/nginx/conf.d/*, with variables of the environment.
set -e
from=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
into=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}
[ -d "$from" ] || exit 0
names=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p' | tr '\n' ' ')
for template in "$from"/*.template; do
  [ -e "$template" ] || continue
  envsubst "$names" < "$template" > "$into/$(basename "$template" .template)"
done
