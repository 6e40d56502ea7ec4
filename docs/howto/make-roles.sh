#!/bin/sh
# Make the role of the service in a new database of compose.yaml (docs/howto/deploy.md). The image of
# PostgreSQL runs this once, as the owner of the tables.
set -eu
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
    --set=password="$POSTGRES_SERVICE_PASSWORD" <<'END'
CREATE ROLE healthcode_service LOGIN PASSWORD :'password';
END
