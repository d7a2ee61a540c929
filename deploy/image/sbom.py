#!/usr/bin/python3
"""sbom.py ROOT VERSION: writes what the image's root holds, as SPDX 2.3, to
ROOT/usr/share/doc/verdict/sbom.spdx.json.

Debian packages and their files are known from ROOT/var/lib/dpkg/status.d; all other files are
Verdict's. Libraries that are headers alone, and so part of our programs, are described as they are
installed here.
"""
import datetime
import email.parser
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import urllib.parse

HEADERS = ["libcli11-dev", "nlohmann-json3-dev"]
# Debian's short names of licences, in small letters, that mean just what an identifier of SPDX
# does.
LICENSES = {
    "0bsd": "0BSD", "apache-2.0": "Apache-2.0", "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause",
    "bsl-1.0": "BSL-1.0", "cc0-1.0": "CC0-1.0", "expat": "MIT", "gpl-1+": "GPL-1.0-or-later", "gpl-2": "GPL-2.0-only",
    "gpl-2+": "GPL-2.0-or-later", "gpl-3": "GPL-3.0-only", "gpl-3+": "GPL-3.0-or-later", "isc": "ISC",
    "lgpl-2+": "LGPL-2.0-or-later", "lgpl-2.1": "LGPL-2.1-only", "lgpl-2.1+": "LGPL-2.1-or-later",
    "lgpl-3+": "LGPL-3.0-or-later", "mit": "MIT", "zlib": "Zlib",
}


def spdx_id(kind, name):
    return f"SPDXRef-{kind}-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


class Licenses:
    """What the copyright files name, as expressions of SPDX; remembers the names that SPDX does not
    know."""

    def __init__(self):
        self.extracted = {}

    def _identifier(self, name, source):
        if known := LICENSES.get(name.lower()):
            return known
        reference = "LicenseRef-Debian-" + re.sub(r"[^A-Za-z0-9.-]", "-", name.replace("+", "-or-later"))
        self.extracted[reference] = {
            "licenseId": reference, "name": name, "extractedText": f"The licence that {source} calls {name}."}
        return reference

    def of(self, copyright_file, source):
        """All of them together; NOASSERTION if the file is not in Debian's machine-readable
        form."""
        text = copyright_file.read_text(errors="replace")
        if not text.startswith("Format:"):
            return "NOASSERTION"
        terms = set()
        for line in re.findall(r"^License:[ \t]*(\S.*)$", text, re.M):
            for term in re.split(r",?\s+and\s+|,\s*(?!or\s)", line.strip()):
                choice = [self._identifier(name, source) for name in re.split(r",?\s+or\s+", term)]
                terms.add(choice[0] if len(choice) == 1 else f"({' OR '.join(choice)})")
        return " AND ".join(sorted(terms)) or "NOASSERTION"


def file_element(root, path):
    content = (root / path).read_bytes()
    return {"SPDXID": spdx_id("File", path), "fileName": f"./{path}",
            "checksums": [{"algorithm": name, "checksumValue": hashlib.new(name, content).hexdigest()}
                          for name in ("SHA1", "SHA256")]}


def package(name, version, license_, files=(), **more):
    """Analysed, in the words of SPDX, if its files are given."""
    element = {"SPDXID": spdx_id("Package", name), "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
               "filesAnalyzed": bool(files), "licenseConcluded": "NOASSERTION", "licenseDeclared": license_,
               "copyrightText": "NOASSERTION", **more}
    if files:
        sums = sorted(file["checksums"][0]["checksumValue"] for file in files)
        code = hashlib.sha1("".join(sums).encode()).hexdigest()
        element["packageVerificationCode"] = {"packageVerificationCodeValue": code}
    return element


def debian_package(status, licenses, documentation, files=()):
    """From its entry in dpkg's database."""
    fields = email.parser.HeaderParser().parsestr(status)
    name, version = fields["Package"], fields["Version"]
    source, _, source_version = (fields["Source"] or name).partition(" ")
    query = urllib.parse.urlencode({"arch": fields["Architecture"], "distro": "debian-13", "upstream": source})
    supplier = re.sub(r"<(.*)>", r"(\1)", fields["Maintainer"])
    return package(
        name, version, licenses.of(documentation / name / "copyright", f"/usr/share/doc/{name}/copyright"), files,
        supplier=f"Organization: {supplier}",
        sourceInfo=f"built from Debian's source package {source} {source_version.strip('()') or version}",
        externalRefs=[{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                       "referenceLocator": f"pkg:deb/debian/{urllib.parse.quote(name)}"
                                           f"@{urllib.parse.quote(version, safe='')}?{query}"}])


class Document:
    """Packages, files, and how they belong together."""

    def __init__(self):
        self.packages, self.files, self.relationships = [], [], []

    def add(self, element, files=()):
        self.packages.append(element)
        self.files += files
        for file in files:
            self.relate(element["SPDXID"], "CONTAINS", file["SPDXID"])

    def relate(self, subject, kind, target):
        self.relationships.append({"spdxElementId": subject, "relationshipType": kind, "relatedSpdxElement": target})

    def json(self, name, licenses):
        contents = hashlib.sha256(json.dumps([self.packages, self.files]).encode()).hexdigest()
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": name,
                "documentNamespace": f"https://spdx.org/spdxdocs/{name}-{contents}",
                "creationInfo": {"created": now, "creators": ["Tool: verdict-sbom.py"]},
                "packages": self.packages, "files": self.files, "relationships": self.relationships,
                "hasExtractedLicensingInfos": list(licenses.extracted.values())}


def describe(root, version):
    document, licenses = Document(), Licenses()
    database = root / "var/lib/dpkg/status.d"
    debian, owned = [], set()
    for entry in sorted(database.iterdir()):
        if entry.suffix == ".md5sums":
            continue
        paths = [line.split(maxsplit=1)[1] for line in (database / f"{entry.name}.md5sums").read_text().splitlines()]
        owned |= set(paths)
        files = [file_element(root, path) for path in paths]
        debian.append((debian_package(entry.read_text(), licenses, root / "usr/share/doc", files), files))
    ours = sorted(str(path.relative_to(root)) for path in root.rglob("*")
                  if path.is_file() and not path.is_symlink() and database not in path.parents)
    files = [file_element(root, path) for path in ours if path not in owned]
    verdict = package("verdict", version, "NOASSERTION", files, primaryPackagePurpose="APPLICATION")
    document.add(verdict, files)
    document.relate("SPDXRef-DOCUMENT", "DESCRIBES", verdict["SPDXID"])
    for element, files in debian:
        document.add(element, files)
        document.relate(verdict["SPDXID"], "DEPENDS_ON", element["SPDXID"])
    for name in HEADERS:
        status = subprocess.run(["dpkg-query", "--status", name], check=True, capture_output=True, text=True).stdout
        document.add(debian_package(status, licenses, pathlib.Path("/usr/share/doc")))
        document.relate(verdict["SPDXID"], "STATIC_LINK", document.packages[-1]["SPDXID"])
    return document.json(f"verdict-{version}", licenses)


def main():
    root, version = pathlib.Path(sys.argv[1]), sys.argv[2]
    document = describe(root, version)
    target = root / "usr/share/doc/verdict/sbom.spdx.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, indent=1) + "\n")


main()
