"""The rows of ./dev bench for callers: a cached answer to a key of the environment and to one of the
database, asked in turns, so that what else the machine does meets both alike; and logins, which cost
an Argon2id of the default parameters each."""

import json
import statistics

from bench_lib import BENCH, KEY, TEXT, load
from site_lib import Site

PATH = "/v1/text_processing/process"
ROUNDS = 3


def median(results):
    """The round whose rate is in the middle."""
    middle = statistics.median_low(result["per_second"] for result in results)
    return next(result for result in results if result["per_second"] == middle)


def measure(table, targets):
    body = BENCH / "access.json"
    body.write_text(json.dumps({"text": TEXT, "operation": "summarize"}))
    with Site("nginx", workers=2, database=True) as site:
        made = site.post("/internal/keys", {"name": "bench", "scopes": ["text"]})
        keys = {"environment": KEY, "database": made.json()["key"]}
        results = {name: [] for name in keys}
        for key in keys.values():
            load(site.url, PATH, body, seconds=1, headers={"X-API-Key": key})
        for _ in range(ROUNDS):
            for name, key in keys.items():
                results[name].append(load(site.url, PATH, body, headers={"X-API-Key": key}))
        login = {"username": "bench-person", "password": "vier rote Kaehne am Ufer"}
        site.post("/api/v1/accounts/register/", {**login, "email": "bench@example.com",
                                                 "password_confirm": login["password"]})
        login_body = BENCH / "login.json"
        login_body.write_text(json.dumps(login))
        logins = load(site.url, "/api/v1/accounts/login/", login_body, connections=4)
        table.add("hearth login, 4 clients", logins)
        for name in keys:
            table.add(f"hearth process, cached, key of the {name}", median(results[name]))
    targets.add("cached with a key of the database / of the environment",
                median(results["database"])["per_second"] / median(results["environment"])["per_second"],
                0.9, True)
