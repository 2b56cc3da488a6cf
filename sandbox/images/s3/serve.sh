# Keys come from a file, so that they are on no command line and in no label.
set -eu
set -a
. /etc/s3/credentials.env
set +a
mkdir -p /data/objects /data/versions
exec versitygw --port :443 --cert /etc/s3/server.pem --key /etc/s3/server.key --quiet \
  --virtual-domain s3.cloud.test posix --versioning-dir /data/versions /data/objects
