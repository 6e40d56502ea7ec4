#!/bin/sh
# Make the roles of service and doors in a new database of compose.yaml (docs/howto/deploy.md). The image of
# PostgreSQL runs this once, as the owner of the tables.
set -eu
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
    --set=service="$POSTGRES_SERVICE_PASSWORD" --set=doors="$POSTGRES_DOORS_PASSWORD" <<'END'
CREATE ROLE healthcode_service LOGIN PASSWORD :'service';
CREATE ROLE healthcode_doors LOGIN PASSWORD :'doors';
END
