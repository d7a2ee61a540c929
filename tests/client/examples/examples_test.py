#!/usr/bin/env python3
"""A program of client/examples is compiled as its first lines say, and calls a real server.

usage: examples_test.py LANGUAGE VERDICTD MODEL PROTO_DIRECTORY WORK_DIRECTORY

Exit status 77: what the language needs is not installed; the reason is printed.
"""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "client" / "examples"
SERVICE_CONFIG = EXAMPLES.parent / "service_config.json"
JARS = """grpc-*.jar protobuf.jar guava.jar perfmark-api.jar netty-*.jar opencensus-api.jar
    error_prone_annotations.jar geronimo-annotation-1.3-spec.jar""".split()


def skip(reason):
    print("skipped:", reason)
    sys.exit(77)


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            skip(f"{program} is not installed")


def run(*command, **options):
    subprocess.run([str(word) for word in command], check=True, timeout=600, **options)


def output(*command, **options):
    done = subprocess.run(
        [str(word) for word in command],
        check=True,
        timeout=120,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )
    return done.stdout


def protoc(proto, *options):
    run("protoc", f"--proto_path={proto}", *options, "verdict/v1/classifier.proto")


def python(proto, work):
    need("protoc", "grpc_python_plugin")
    probe = subprocess.run(["/usr/bin/python3", "-c", "import grpc"], stderr=subprocess.DEVNULL)
    if probe.returncode != 0:
        skip("python3-grpcio is not installed")
    protoc(
        proto,
        f"--python_out={work}",
        f"--grpc_out={work}",
        "--plugin=protoc-gen-grpc=" + shutil.which("grpc_python_plugin"),
    )
    return lambda address: output(
        "/usr/bin/python3",
        EXAMPLES / "python" / "classify.py",
        f"ipv4:{address}",
        SERVICE_CONFIG,
        env=dict(os.environ, PYTHONPATH=str(work)),
    )


def go(proto, work):
    need("protoc", "protoc-gen-go", "go")
    debian = "/usr/share/gocode"
    if not os.path.isdir(debian + "/src/google.golang.org/grpc"):
        skip("golang-google-grpc-dev is not installed")
    source = work / "src"
    source.mkdir(exist_ok=True)
    # As the program's first lines say.
    plain = work / "go" / "verdict" / "v1"
    plain.mkdir(parents=True, exist_ok=True)
    contract = pathlib.Path(proto, "verdict/v1/classifier.proto").read_text()
    (plain / "classifier.proto").write_text(contract.replace("optional string", "string"))
    durations = "Mgoogle/protobuf/duration.proto=github.com/golang/protobuf/ptypes/duration"
    protoc(work / "go", f"--go_out=plugins=grpc,{durations}:{source}")
    env = dict(
        os.environ, GO111MODULE="off", GOPATH=f"{work}:{debian}", GRPC_GO_RETRY="on", GOFLAGS="-p=1"
    )
    run("go", "build", "-o", work / "classify", EXAMPLES / "go" / "main.go", env=env)
    return lambda address: output(work / "classify", SERVICE_CONFIG, address, env=env)


def java(proto, work):
    need("protoc", "javac", "java")
    plugin = shutil.which("grpc_java_plugin") or shutil.which("protoc-gen-grpc-java")
    if plugin is None:
        skip("protobuf-compiler-grpc-java-plugin is not installed")
    if not os.path.exists("/usr/share/java/grpc-netty.jar"):
        skip("libgrpc-java is not installed")
    protoc(proto, f"--java_out={work}", f"--grpc_out={work}", f"--plugin=protoc-gen-grpc={plugin}")
    jars = [jar for name in JARS for jar in glob.glob(f"/usr/share/java/{name}")]
    path = ":".join([str(work), *jars])
    sources = [*work.glob("verdict/v1/*.java"), EXAMPLES / "java" / "Classify.java"]
    run("javac", "-nowarn", "-classpath", path, "-d", work, *sources)
    return lambda address: output("java", "-classpath", path, "Classify", f"dns:///{address}")


def node(proto, work):
    need("node", "npm")
    run(
        "npm",
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--prefix",
        work,
        "@grpc/grpc-js@1",
        "@grpc/proto-loader@0.7",
    )
    # Node looks for modules beside the program.
    program = work / "classify.js"
    shutil.copy(EXAMPLES / "node" / "classify.js", program)
    return lambda address: output("node", program, proto, f"dns:///{address}", SERVICE_CONFIG)


def main():
    language, verdictd, model, proto, work = sys.argv[1:]
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    call = {"python": python, "go": go, "java": java, "node": node}[language](proto, work)
    with subprocess.Popen(
        [
            verdictd,
            "--model",
            model,
            "--grpc-address",
            "127.0.0.1:0",
            "--http-address",
            "127.0.0.1:0",
            "--threads",
            "1",
        ],
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            for line in server.stderr:
                if serving := re.search(r"serving.* grpc=\"?([\d.]+:\d+)", line):
                    break
            else:
                sys.exit("verdictd does not serve")
            printed = call(serving[1])
        finally:
            server.terminate()
            server.stderr.read()
    print(printed, end="")
    label, score, truncated = printed.splitlines()[0].split()
    assert label == "POSITIVE", label
    assert 0.5 < float(score) <= 1, score
    assert truncated.lower() == "false", truncated
    if language == "python":
        assert "2 BAD_FIELD input.text is empty" in printed, printed


if __name__ == "__main__":
    main()
