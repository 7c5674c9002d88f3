"""The rows of ./dev bench for callers: a cached answer to a key of the environment and to one of the
database, asked in turns, so that what else the machine does meets both alike; and logins, which cost
an Argon2id of the default parameters each."""

import json
from functools import partial

from bench_lib import BENCH, KEY, SECONDS, TEXT, load
from rounds import sample
from site_lib import Site

PATH = "/v1/text_processing/process"


def measure(table, targets):
    body = BENCH / "access.json"
    body.write_text(json.dumps({"text": TEXT, "operation": "summarize"}))
    with Site("nginx", workers=2, database=True) as site:
        made = site.post("/internal/keys", {"name": "bench", "scopes": ["text"]})
        keys = {"environment": KEY, "database": made.json()["key"]}
        asks = {name: partial(load, site.url, PATH, body, headers={"X-API-Key": key}) for name, key in keys.items()}
        for ask in asks.values():
            ask(seconds=1)
        results = sample(asks)
        login = {"username": "bench-person", "password": "vier rote Kaehne am Ufer"}
        site.post("/api/v1/accounts/register/", {**login, "email": "bench@example.com",
                                                 "password_confirm": login["password"]})
        login_body = BENCH / "login.json"
        login_body.write_text(json.dumps(login))
        table.head()
        table.add("hearth login, 4 clients", load(site.url, "/api/v1/accounts/login/", login_body, connections=4,
                                                        seconds=3 * SECONDS))
        for name, result in results.items():
            table.add(f"hearth process, cached, key of the {name}", result)
    targets.add("cached with a key of the database / of the environment",
                results["database"]["per_second"] / results["environment"]["per_second"], 0.9, True)
