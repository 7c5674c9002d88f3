"""A running Hearth for the tests: ./dev up on a free port, with settings in the environment, and an
HTTP client that checks every JSON answer against the OpenAPI document that the site itself serves."""

import atexit
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import tempfile
import urllib.parse

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY = "test-key-0123456789abcdef"
SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:")


def free_port():
    """A port that nobody listens at, below those that the kernel gives to whoever connects."""
    while True:
        port = random.randrange(20000, 32768)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Cluster:
    """A private PostgreSQL with fsync off; databases are made in it by name."""

    def __init__(self, options=""):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="hearth-database-",
                                                        dir=os.environ.get("HEARTH_TEST_STORAGE", "/var/tmp")))
        self.options = options
        self.start()

    def _run(self, command, *arguments):
        done = subprocess.run([ROOT / "tests/dev/cluster", command, self.directory, *arguments],
                              env=dict(os.environ, CLUSTER_FAST="1", CLUSTER_OPTIONS=self.options), text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=120, check=True)
        return done.stdout.strip()

    def start(self):
        self._run("start")

    def stop(self):
        self._run("stop")

    def freeze(self):
        self._run("freeze")

    def thaw(self):
        self._run("thaw")

    def create(self, name):
        self._run("create", name)

    def url(self, name, owner=False):
        return self._run("url", name, *(["owner"] if owner else []))

    def sql(self, name, text, *, role="postgres"):
        """Runs SQL with psql; the rows, each a list of texts."""
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", self.directory,
                               "-U", role, "-d", name], input=text, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def remove(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


_clusters = []


def shared_cluster():
    """The cluster that all sites of this run of the tests share; it ends with the run."""
    if not _clusters:
        _clusters.append(Cluster())
        atexit.register(_clusters[0].remove)
    return _clusters[0]


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Site:
    """One ./dev up. settings go to the workers' environment, file is the text of their hearth.conf. With
    database=True it has a database of its own in the shared cluster, with a Cluster one in that; else none."""

    def __init__(self, server="nginx", workers=2, settings=None, file=None, database=None):
        self.server = server
        self.file = None
        self.port = free_port()
        self.directory = ROOT / "var" / str(self.port)
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = KEY
        self.environment = dict(os.environ, HEARTH_SKIP_BUILD="1", API_KEY=KEY)
        for secret in ("OPENAI_API_KEY", "GEMINI_API_KEY", "ANTHROPIC_API_KEY"):
            self.environment.pop(secret, None)
        self.environment.update(RATE_LIMITING_ENABLED="false", DATABASE_URL="")
        self.environment.pop("DATABASE_MIGRATION_URL", None)
        self.cluster = shared_cluster() if database is True else database
        self.database = f"site_{self.port}"
        if self.cluster:
            self.cluster.create(self.database)
            self.environment.update(DATABASE_URL=self.cluster.url(self.database),
                                    DATABASE_MIGRATION_URL=self.cluster.url(self.database, owner=True))
        self.environment.update(settings or {})
        self.documents = None
        if file is not None:
            self.directory.parent.mkdir(exist_ok=True)
            self.file = self.directory.with_suffix(".conf")
            self.file.write_text(file)
            self.environment["HEARTH_CONFIG"] = str(self.file)
        command = [str(ROOT / "dev"), "up", "--port", str(self.port), "--server", server,
                   "--workers", str(workers), "--detach"]
        started = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 timeout=120, check=False)
        self.output = started.stdout
        if started.returncode != 0:
            raise RuntimeError(f"./dev up failed ({started.returncode}):\n{started.stdout}")

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        if failure:
            self.stop()
        else:
            self.down()

    def stop(self):
        """Ends the processes; the files stay."""
        subprocess.run([str(ROOT / "dev"), "down", "--port", str(self.port)], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)
        # Workers built with sanitizers say here what they found, leaks only as they end.
        log = self.log()
        report = SANITIZER_REPORT.search(log)
        assert not report, log[report.start():][:6000]

    def down(self):
        """Ends the processes and leaves no file behind; after a failure the files stay."""
        self.stop()
        # var/<port> is a link where the site's user cannot reach the tree.
        if self.file:
            self.file.unlink()
        real = self.directory.resolve()
        if self.directory.is_symlink():
            self.directory.unlink()
        shutil.rmtree(real)

    def command(self, *arguments):
        """Runs the operator's command on this site; what it printed."""
        # LeakSanitizer cannot look into a process that, as this one, has changed its user.
        environment = dict(self.environment, RUNTIME_DIRECTORY=str(self.directory / "run"),
                           ASAN_OPTIONS="detect_leaks=0")
        options = ["--config", self.directory / "conf/settings.conf"] if self.file else []
        done = subprocess.run([self.directory / "bin/hearth", *arguments, *options], env=environment, text=True, timeout=30,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, f"hearth {' '.join(arguments)}: {done.stdout}"
        return done.stdout

    def sql(self, text, role="postgres"):
        """Runs SQL on the site's database; the rows, each a list of texts."""
        return self.cluster.sql(self.database, text, role=role)

    def log(self):
        return (self.directory / "worker.log").read_text(errors="replace")

    def pid(self, name):
        return int((self.directory / f"{name}.pid").read_text())

    def worker_pids(self):
        """The workers' process ids: children of this site's multiwatch."""
        parent = self.pid("multiwatch")
        found = subprocess.run(["pgrep", "-P", str(parent)], stdout=subprocess.PIPE, text=True,
                               check=False)
        return [int(pid) for pid in found.stdout.split()]

    def send(self, method, path, body=None, headers=None, timeout=60, key=KEY):
        """One request on a connection of its own; nothing is checked."""
        return self._send(http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout), method, path, body,
                          headers, key)

    def send_internal(self, method, path, body=None, headers=None, timeout=60, key=KEY):
        """As send(), to the server that is for administrators."""
        connection = http.client.HTTPConnection("localhost", timeout=timeout)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(timeout)
        connection.sock.connect(str(self.directory / "run" / "internal.sock"))
        return self._send(connection, method, path, body, headers, key)

    @staticmethod
    def _send(connection, method, path, body, headers, key):
        try:
            all_headers = {} if key is None else {"X-API-Key": key}
            all_headers.update(headers or {})
            connection.request(method, path, body, all_headers)
            answer = connection.getresponse()
            return Response(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def request(self, method, path, json=None, body=None, headers=None, timeout=60, key=KEY):
        """As send(), with a JSON body where given; the answer is checked against the document."""
        all_headers = dict(headers or {})
        if json is not None:
            body = _dumps(json)
            all_headers.setdefault("Content-Type", "application/json")
        response = self.send(method, path, body, all_headers, timeout, key)
        self.check(method, path, response)
        return response

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, json=None, **options):
        return self.request("POST", path, json=json, **options)

    def _load_documents(self):
        if self.documents is None:
            self.documents = []
            for path in ("/openapi.json", "/internal/openapi.json"):
                answer = self.send("GET", path)
                if answer.status == 200:
                    self.documents.append(answer.json())
        return self.documents

    def operations(self):
        """Every (document, path, method, operation) of both documents."""
        for document in self._load_documents():
            for path, item in document["paths"].items():
                for method, operation in item.items():
                    if method in ("get", "post", "put", "patch", "delete"):
                        yield document, path, method.upper(), operation

    def _find(self, method, path):
        wanted = urllib.parse.urlsplit(path).path
        for document, pattern, verb, operation in self.operations():
            expression = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(pattern))
            if verb == method and re.fullmatch(expression + "/?", wanted):
                return document, operation
        return None, None

    def check(self, method, path, response):
        """Asserts that the document lists this status and that the body fits its schema."""
        document, operation = self._find("GET" if method == "HEAD" else method, path)
        if operation is None or method in ("HEAD", "OPTIONS"):
            return
        answers = operation["responses"]
        assert str(response.status) in answers, f"{method} {path}: {response.status} is not documented: {response!r}"
        answer = answers[str(response.status)]
        if "$ref" in answer:
            answer = _resolve(document, answer["$ref"])
        content_type = (response.headers.get("Content-Type") or "").split(";")[0]
        if not response.body or "json" not in content_type:
            return
        assert content_type in answer.get("content", {}), \
            f"{method} {path}: {response.status} as {content_type} is not documented"
        schema = answer["content"][content_type].get("schema")
        if schema:
            jsonschema.Draft202012Validator(
                dict(schema, components=document.get("components", {}))).validate(response.json())


def _dumps(value):
    return json.dumps(value).encode()


def _resolve(document, reference):
    for part in reference.lstrip("#/").split("/"):
        document = document[part]
    return document
