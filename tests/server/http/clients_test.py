#!/usr/bin/env python3
"""Clients as people use them: Python's http.client and urllib, Node's http and fetch, curl, each
with the framings that it has. Says what is not installed here, and goes on with the others.

Usage: clients_test.py VERDICTD MODEL_DIRECTORY
"""
import http.client
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "stress"))

from verdictd import LOOPBACK, Verdictd  # noqa: E402

BODY = b'{"input":{"text":"Never again."}}'
JSON = {"Content-Type": "application/json"}
PATH = "/v1/classify"

NODE = r"""
import http from 'node:http';
const [hostname, port] = process.argv[2].split(':'), url = `http://${process.argv[2]}`;
const body = JSON.stringify({ input: { text: 'Never again.' } }), headers = { 'Content-Type': 'application/json' };
const agent = new http.Agent({ keepAlive: true });
const ask = (options, send) => new Promise((resolve, reject) => {
  const request = http.request({ hostname, port, path: '/v1/classify', method: 'POST', headers, ...options }, async reply => {
    let text = ''; for await (const part of reply) text += part; resolve(`${reply.statusCode} ${JSON.parse(text).label}`);
  });
  request.on('error', reject); send(request);
});
const label = async reply => `${reply.status} ${(await reply.json()).label}`;
const post = init => fetch(`${url}/v1/classify`, { method: 'POST', headers, ...init }).then(label);
const results = {
  'node http, with a length': await ask({ headers: { ...headers, 'Content-Length': body.length } }, request => request.end(body)),
  'node http, in chunks': await ask({}, request => { request.write(body.slice(0, 10)); request.end(body.slice(10)); }),
  'node http, kept alive': await ask({ agent }, request => request.end(body)),
  'node http, kept alive again': await ask({ agent }, request => request.end(body)),
  'node http, 100-continue': await ask({ headers: { ...headers, Expect: '100-continue' } }, request => request.on('continue', () => request.end(body)).flushHeaders()),
  'node fetch': await post({ body }),
  'node fetch of a stream': await post({ body: new Blob([body]).stream(), duplex: 'half' }),
};
agent.destroy();
console.log(JSON.stringify(results));
"""


def label(status, body):
    return f"{status} {json.loads(body)['label']}"


def by_http_client(port):
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)

    def ask(body, **options):
        connection.request("POST", PATH, body, JSON, **options)
        reply = connection.getresponse()
        return label(reply.status, reply.read())

    yield "http.client", ask(BODY)
    yield "http.client, kept alive", ask(BODY)
    yield "http.client, in chunks", ask(iter([BODY[:10], BODY[10:]]), encode_chunked=True)
    connection.request("HEAD", "/healthz")
    reply = connection.getresponse()
    yield "http.client, HEAD", f"{reply.status} {len(reply.read())} of {reply.getheader('Content-Length')}"
    connection.request("OPTIONS", "*")
    reply = connection.getresponse()
    reply.read()
    yield "http.client, OPTIONS *", str(reply.status)
    connection.close()


def by_urllib(port):
    request = urllib.request.Request(f"http://{LOOPBACK}:{port}{PATH}", BODY, JSON)
    with urllib.request.urlopen(request, timeout=10) as reply:
        yield "urllib", label(reply.status, reply.read())
    request = urllib.request.Request("http://verdict.example" + PATH, BODY, JSON)
    request.set_proxy(f"{LOOPBACK}:{port}", "http")
    with urllib.request.urlopen(request, timeout=10) as reply:
        yield "urllib, absolute form", label(reply.status, reply.read())


def by_node(port):
    with tempfile.NamedTemporaryFile("w", suffix=".mjs") as program:
        program.write(NODE)
        program.flush()
        done = subprocess.run(["node", program.name, f"{LOOPBACK}:{port}"], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        yield "node", done.stderr[-1000:]
        return
    yield from json.loads(done.stdout).items()


def by_curl(port, unix_path):
    url = f"http://{LOOPBACK}:{port}{PATH}"
    data = ["--header", "Content-Type: application/json"]
    ways = {
        "curl": [*data, "--data-binary", "@-", url],
        "curl --http1.0": ["--http1.0", *data, "--data-binary", "@-", url],
        "curl -T -, in chunks": [*data, "--http1.1", "--request", "POST", "--upload-file", "-", url],
        "curl -x, absolute form": [*data, "--proxy", f"http://{LOOPBACK}:{port}", "--data-binary", "@-", "http://verdict.example" + PATH],
        "curl, 100-continue": [*data, "--header", "Expect: 100-continue", "--data-binary", "@-", url],
        "curl --unix-socket": [*data, "--unix-socket", unix_path, "--data-binary", "@-", "http://verdict.example" + PATH],
    }
    for name, way in ways.items():
        done = subprocess.run(["curl", "--silent", "--show-error", "--noproxy", "", "--write-out", "%{http_code}", *way],
                              input=BODY, capture_output=True, timeout=60)
        body, status = done.stdout[:-3], done.stdout[-3:].decode()
        yield name, label(status, body) if body else done.stderr.decode()
    done = subprocess.run(["curl", "--silent", "--head", f"http://{LOOPBACK}:{port}/healthz"], capture_output=True, timeout=60)
    yield "curl --head", done.stdout.split()[1].decode()


def main():
    verdictd, model = sys.argv[1:]
    expected = {"http.client, HEAD": "200 0 of 6", "http.client, OPTIONS *": "204", "curl --head": "200"}
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        unix_path = f"{folder}/http.sock"
        with Verdictd(verdictd, model, "--http-address", f"unix:{unix_path}") as server:
            port = server.http_port
            results = [*by_http_client(port), *by_urllib(port)]
            for program, way in (("node", lambda: by_node(port)), ("curl", lambda: by_curl(port, unix_path))):
                if shutil.which(program):
                    results += way()
                else:
                    print(f"{program} is not installed: skipped")
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(unix_path)
                connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                results.append(("a unix socket", connection.recv(100).split(b" ")[1].decode()))
                expected["a unix socket"] = "200"
    for name, result in results:
        good = result == expected.get(name, "200 NEGATIVE")
        wrong += not good
        print(f"{'ok  ' if good else 'FAIL'}  {name}: {result}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
