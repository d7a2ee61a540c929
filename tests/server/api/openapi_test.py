#!/usr/bin/env python3
"""The server does what /openapi.json says: every example is sent to it, and gets the status that it
names, with an answer that the document's schema allows. The document is one of OpenAPI 3.1 as far
as that can be seen without its own schema: every reference leads somewhere, every route of the
server is in it, and its schemas have the fields that the server's answers have.

Usage: openapi_test.py VERDICTD MODEL_DIRECTORY
"""
import contextlib
import http.client
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "stress"))

from verdictd import LOOPBACK, Verdictd  # noqa: E402


def resolve(document, node):
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}


def faults(document, schema, value, path="$"):
    """What of `value` the schema does not allow: of JSON Schema, what the document uses."""
    schema = resolve(document, schema)
    if "oneOf" in schema:
        if sum(not list(faults(document, option, value, path)) for option in schema["oneOf"]) != 1:
            yield f"{path} is not one of the options"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path} is {value!r}"
    kind = schema.get("type")
    if kind and (not isinstance(value, KINDS[kind]) or isinstance(value, bool) != (kind == "boolean")):
        yield f"{path} is no {kind}: {value!r}"
        return
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{path} is {value!r}, not {schema['pattern']}"
    if kind == "array":
        if len(value) < schema.get("minItems", 0):
            yield f"{path} has too few items"
        for i, item in enumerate(value):
            yield from faults(document, schema.get("items", {}), item, f"{path}[{i}]")
    if kind == "object":
        properties = schema.get("properties", {})
        yield from (f"{path}.{name} is missing" for name in schema.get("required", []) if name not in value)
        for name, member in value.items():
            if name in properties:
                yield from faults(document, properties[name], member, f"{path}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{path}.{name} is not in the document"


def ask(port, method, path, body=None):
    with contextlib.closing(http.client.HTTPConnection(LOOPBACK, port, timeout=10)) as connection:
        connection.request(method.upper(), path, body, {"Content-Type": "application/json"} if body is not None else {})
        reply = connection.getresponse()
        return reply.status, reply.getheader("Content-Type"), reply.read()


def check_answer(document, operation, answer, wanted, name):
    status, content_type, body = answer
    if status != wanted:
        return [f"{name}: {status}, not {wanted}: {body[:200]}"]
    response = resolve(document, operation["responses"][str(status)])
    media = content_type.partition(";")[0]
    if media not in response["content"]:
        return [f"{name}: {media} is not in the document"]
    if media != "application/json":
        return []
    return [f"{name}: {fault}" for fault in faults(document, response["content"][media]["schema"], json.loads(body))]


def check_operation(document, port, path, method, operation):
    examples = {"": {"value": None}}
    schema = {}
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        examples, schema = content["examples"], content["schema"]
    found = []
    for name, example in examples.items():
        wanted = example.get("x-status", 200)
        wrong = list(faults(document, schema, example["value"]))
        if wanted == 200 and wrong:
            found.append(f"{method} {path} {name}: the schema says {wrong}")
        body = None if example["value"] is None else json.dumps(example["value"])
        found += check_answer(document, operation, ask(port, method, path, body), wanted, f"{method} {path} {name}")
    return found, len(examples)


def main():
    verdictd, model = sys.argv[1:]
    with Verdictd(verdictd, model) as server:
        port = server.http_port
        document = json.loads(ask(port, "get", "/openapi.json")[2])
        found = [] if document["openapi"].startswith("3.1.") else ["not of OpenAPI 3.1"]
        for reference in references(document):
            resolve(document, reference)  # a KeyError: it leads nowhere
        count = 0
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                faults_found, examples = check_operation(document, port, path, method, operation)
                found += faults_found
                count += examples
            unknown = {"get", "post"} - set(methods)
            found += [f"{method} {path} is served and not in the document" for method in unknown
                      if ask(port, method, path, b"{}" if method == "post" else None)[0] != 405]
    print(*found, f"{count} examples", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
