"""What the checks of Kelviq's SDK for Python share: clients whose calls are counted, the payment page,
signed webhooks, and assertions that name what differs. It knows nothing of how the ledger is built."""

import html.parser
import inspect
import json
import os
import pathlib
import subprocess
import time
import urllib.parse
import uuid

import httpx
from kelviq_sdk import APIError, InMemoryCache, Kelviq

URL = os.environ["SUBLEDGER_URL"]
SERVER_KEY = os.environ["SUBLEDGER_WRITE_KEY"]
CLIENT_KEY = os.environ["SUBLEDGER_CLIENT_KEY"]
# Where the ledger itself is, whoever stands before it at URL.
DIRECT = os.environ["SUBLEDGER_DIRECT"]
ADMIN_KEY = os.environ["SUBLEDGER_ADMIN_KEY"]
SAMPLES = pathlib.Path(__file__).parents[2] / "sample-events" / "kelviq"
# A paid page is folded when its webhook is, which is a moment later.
PATIENCE_SECONDS = 20


def same(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r} and not {wanted!r}")


def holds(truth, what, seen=""):
    if not truth:
        raise AssertionError(f"not so: {what} {seen!r}")


def is_uuid(text, what):
    holds(str(uuid.UUID(text)) == text, f"{what} is a UUID in lower case", text)


class Counted:
    """One of a client's resources, or the client: every call goes through and its name is kept. What
    answers at once is awaited all the same, so that one story serves both clients."""

    def __init__(self, inner, called, name=""):
        self._inner, self._called, self._name = inner, called, name

    def __getattr__(self, word):
        found = getattr(self._inner, word)
        name = f"{self._name}.{word}" if self._name else word
        if not callable(found):
            return Counted(found, self._called, name)

        async def call(*args, **kwargs):
            self._called.add(name)
            answer = found(*args, **kwargs)
            return await answer if inspect.isawaitable(answer) else answer

        return call


def public_methods(client):
    """Every method a user of the client can call: those of its resources, and its own."""
    names = set()
    for name, resource in vars(client).items():
        is_theirs = type(resource).__module__.startswith("kelviq_sdk.")
        if name.startswith("_") or not is_theirs or isinstance(resource, InMemoryCache):
            continue
        for word, _ in inspect.getmembers(type(resource), inspect.isfunction):
            if not word.startswith("_"):
                names.add(f"{name}.{word}")
    return names


def raw(path, key=SERVER_KEY, **query):
    """What the SDK asks for, with the fields that its models leave out. Never follows a redirect."""
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.get(f"{URL}/api/v1{path}", params=query, headers=headers, timeout=30)
    same(answer.status_code, 200, f"GET {path} {answer.text}")
    return answer.json()


class Sdk:
    """Makes clients of one kind, and knows what was called on them."""

    direct = DIRECT
    raw = staticmethod(raw)

    def __init__(self, mode):
        self.mode, self.called, self._open = mode, set(), []

    def client(self, key=SERVER_KEY, **options):
        make = {"sync": Kelviq.create_sync_client, "async": Kelviq.create_async_client}[self.mode]
        options = {"base_url": URL, "edge_api_url": URL, "enable_cache": False} | options
        client = make(access_token=key, **options)
        self._open.append(client)
        return Counted(client, self.called)

    def methods(self):
        return public_methods(self._open[0])

    async def close(self):
        for client in self._open:
            if self.mode == "sync":
                client.close()
            else:
                await client.aclose()


async def refused(call, kind, status, details, what):
    """A call that must be refused in that way; `details` may be a function of them."""
    try:
        answer = await call
    except APIError as error:
        same(type(error).__name__, kind.__name__, what)
        same(error.status_code, status, what)
        if callable(details):
            holds(details(error.details), what, error.details)
        else:
            same(error.details, details, what)
        return
    raise AssertionError(f"{what} was answered: {answer!r}")


def is_sentence(details):
    """Kelviq's shape of what is not about one field."""
    text = details.get("detail") if isinstance(details, dict) else None
    return list(details) == ["detail"] and isinstance(text, str) and text.endswith(".")


def about(*fields):
    """Kelviq's shape of what is about fields: a list of sentences for each."""

    def fits(details):
        shape = isinstance(details, dict) and set(details) == set(fields)
        return shape and all(isinstance(told, list) and told for told in details.values())

    return fits


class Form(html.parser.HTMLParser):
    """The one form of the payment page."""

    def __init__(self, text):
        super().__init__()
        self.action, self.method, self.buttons = None, None, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.action, self.method = attrs["action"], attrs["method"]
        if tag == "button":
            self.buttons.append((attrs["name"], attrs["value"]))


def press(checkout_url, button):
    """Presses a button of the payment page as a browser does, without a key; returns where it leads."""
    page = httpx.get(checkout_url, timeout=30)
    same(page.status_code, 200, f"the page {checkout_url}")
    form = Form(page.text)
    same(form.method, "post", "the form's method")
    holds(("action", button) in form.buttons, f"the page has the button {button}", form.buttons)
    target = urllib.parse.urljoin(checkout_url, form.action)
    return httpx.post(target, data={"action": button}, timeout=30), page.text


async def until(ask, is_so, what):
    """Asks again until it is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        seen = await ask()
        if is_so(seen):
            return seen
        holds(time.monotonic() < deadline, what, seen)
        time.sleep(0.05)


def sample(pattern):
    """A sample event of that type, to be changed."""
    [path] = sorted(SAMPLES.glob(pattern))
    return json.loads(path.read_text(encoding="utf-8"))


def send(event):
    """Signs an event as Kelviq does and delivers it, by the command that a user has."""
    event["id"] = str(uuid.uuid4())
    body = json.dumps(event, separators=(",", ":")).encode()
    command = [os.environ["SUBLEDGER_BIN"], "--output", "json", "send", "--source", "kelviq"]
    command += ["--config", os.environ["SUBLEDGER_CONFIG"], "--to", DIRECT, "-"]
    done = subprocess.run(command, input=body, capture_output=True, check=False)
    holds(done.returncode == 0, "the ledger takes a signed event", done.stderr.decode())
    [sent] = json.loads(done.stdout)
    return sent["answer"]["status"]
