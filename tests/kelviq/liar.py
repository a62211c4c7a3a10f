"""A control: between an SDK and the ledger stands one who changes a word of every answer, and the suite
must fail. Given as: liar.py LIE COMMAND..., where LIE is one of those below; `nothing` hands all on as it
is, and then the suite must pass. It knows nothing of how the ledger is built."""

import http.client
import http.server
import os
import re
import subprocess
import sys
import threading
import urllib.parse

# What stands in an answer, and what the liar says instead. A number is a status.
LIES = {
    "nothing": (rb"(?!)", b""),
    "a count is off by one": (rb'"currentUsage":\s*15\b', b'"currentUsage": 16'),
    "access for all": (rb'"hasAccess":\s*false', b'"hasAccess": true'),
    "no hard limit": (rb'"hardLimit":\s*true', b'"hardLimit": false'),
    "what was replaced goes on": (rb'"status":\s*"superseded"', b'"status": "active"'),
    "a cent more": (rb'"49\.00"', b'"49.01"'),
    "metadata in another case": (rb'"orderRef":', b'"order_ref":'),
    "another sentence": (rb"Invalid page\.", b"No such page."),
    "no next page": (rb'"next":\s*"[^"]*"', b'"next": null'),
    "another reason": (rb"CANCELLED_BY_MERCHANT", b"CANCELLED_BY_CUSTOMER"),
    "another field": (rb'"planIdentifier":\s*\[', b'"plan":['),
    "501 is 500": (501, 500),
    "422 is 200": (422, 200),
    "403 is 404": (403, 404),
    "a refund of more": (rb'"amountUnits":\s*450\b', b'"amountUnits": 4500'),
    "another card": (rb'"last4":\s*"4444"', b'"last4": "4242"'),
}


class Liar(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    said, instead, told = None, None, 0

    def hand_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        ledger = urllib.parse.urlsplit(os.environ["SUBLEDGER_DIRECT"])
        connection = http.client.HTTPConnection(ledger.hostname, ledger.port, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name != "Accept-Encoding"}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        text, status = answer.read(), answer.status
        if self.said == status:
            status, times = self.instead, 1
        elif isinstance(self.said, bytes):
            text, times = re.subn(self.said, self.instead, text)
        else:
            times = 0
        Liar.told += times
        self.send_response(status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date"):
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        connection.close()

    do_GET = do_POST = do_PATCH = do_DELETE = hand_on

    def log_message(self, *_):
        pass


def main():
    lie, *command = sys.argv[1:]
    Liar.said, Liar.instead = LIES[lie]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = os.environ | {"SUBLEDGER_URL": f"http://127.0.0.1:{server.server_port}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if lie == "nothing":
        if done.returncode != 0:
            sys.exit(f"the suite fails though nothing was changed:\n{done.stdout}{done.stderr}")
        return
    if Liar.told == 0:
        sys.exit(f"the lie was never told: {lie}\n{done.stderr}")
    if done.returncode == 0:
        sys.exit(f"the suite believes the lie: {lie}")


main()
