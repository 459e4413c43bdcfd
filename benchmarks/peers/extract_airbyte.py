"""airbyte-source-amazon-seller-partner, its own rate budget on or off, everything else as it is."""

import contextlib
import io
import json
import os
import sys
import tempfile

from measure import measured
from orders_digest import digest


def point_at(url, budget):
    import source_amazon_seller_partner.source as source
    from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource
    from source_amazon_seller_partner.components.auth import AmazonSPOauthAuthenticator as Auth

    source.get_marketplaces = lambda _: {"NL": (url, "A1805IZSGTT6HS", "eu-west-1")}
    Auth.get_token_refresh_endpoint = lambda _: url + "/auth/o2/token"
    headers = Auth.get_auth_header
    Auth.get_auth_header = lambda self: {**headers(self), "host": url.removeprefix("http://")}
    if not budget:
        read = YamlDeclarativeSource._read_and_parse_yaml_file

        def without_budget(self, *args, **kwargs):
            manifest = dict(read(self, *args, **kwargs))
            manifest.pop("api_budget", None)
            return manifest

        YamlDeclarativeSource._read_and_parse_yaml_file = without_budget


def main(url, after, before, budget):
    point_at(url, budget == "on")
    from source_amazon_seller_partner.run import run

    folder = tempfile.mkdtemp()
    config, catalog = (os.path.join(folder, name) for name in ("config.json", "catalog.json"))
    with open(config, "w") as file:
        json.dump(
            {
                "auth_type": "oauth2.0",
                "aws_environment": "PRODUCTION",
                "region": "NL",
                "account_type": "Seller",
                "lwa_app_id": "sandbox-client",
                "lwa_client_secret": "sandbox-secret",
                "refresh_token": "Atzr|sandbox",
                "replication_start_date": after,
                "replication_end_date": before,
            },
            file,
        )
    streams = [
        {
            "stream": {
                "name": name,
                "json_schema": {"type": "object"},
                "supported_sync_modes": ["full_refresh", "incremental"],
            },
            "sync_mode": "full_refresh",
            "destination_sync_mode": "overwrite",
        }
        for name in ("Orders", "OrderItems")
    ]
    with open(catalog, "w") as file:
        json.dump({"streams": streams}, file)
    sys.argv = ["source", "read", "--config", config, "--catalog", catalog]

    def job():
        caught = io.StringIO()
        with contextlib.redirect_stdout(caught), contextlib.suppress(SystemExit):
            run()
        pairs, errors = [], []
        for line in caught.getvalue().splitlines():
            if not line.startswith("{"):
                continue
            message = json.loads(line)
            if message.get("type") == "RECORD" and message["record"]["stream"] == "OrderItems":
                data = message["record"]["data"]
                pairs.append((data["AmazonOrderId"], data["OrderItemId"]))
            elif message.get("type") == "TRACE" and message["trace"].get("error"):
                errors.append(message["trace"]["error"]["message"])
        if errors:
            sys.exit(f"airbyte: {errors[0][:250]}")
        return lambda: digest(pairs)

    measured(job)


main(*sys.argv[1:5])
