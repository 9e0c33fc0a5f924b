"""What is linked into the program: a bill of materials (CycloneDX 1.6) and the licence texts.

    ci/sbom.py TARGET FOLDER [--features LIST] [--validate]

Packages and their dependencies are those of `cargo tree` for the target, without what only builds or
tests; versions, licences and checksums those of `cargo metadata` and Cargo.lock. Written are
FOLDER/twirlbench.cdx.json and FOLDER/THIRD-PARTY-LICENSES.txt; the same source gives the same bytes.
--validate holds the bill against its schema with cyclonedx-python-lib.
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = "twirlbench"
LINE = re.compile(r"^(\d+)(\S+) v(\S+?)(?: \(.*\))*$")


def cargo(*arguments):
    command = [os.environ.get("CARGO", "cargo"), *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def linked(target, features):
    """The packages as (name, version), and for each what it depends on directly."""
    options = ["--features", features] if features else []
    text = cargo(
        "tree", "--locked", "--package", PROGRAM, "--edges", "normal,no-proc-macro",
        "--target", target, "--prefix", "depth", "--format", "{p}", *options,
    )
    edges, path = {}, []
    for line in filter(None, text.splitlines()):
        match = LINE.match(line.removesuffix(" (*)"))
        if match is None:
            sys.exit(f"ci/sbom.py: cargo tree printed a line of another form: {line}")
        depth, package = int(match[1]), (match[2], match[3])
        del path[depth:]
        edges.setdefault(package, set())
        if path:
            edges[path[-1]].add(package)
        path.append(package)
    return edges


def expression(package):
    """The licence as SPDX; older manifests separate alternatives by a slash."""
    text = package["license"]
    if not text:
        sys.exit(f"ci/sbom.py: {package['name']} states no licence")
    return text.replace("/", " OR ") if " " not in text else text


def component(package, checksum, reference):
    entry = {
        "type": "library",
        "bom-ref": reference,
        "name": package["name"],
        "version": package["version"],
        "description": " ".join((package["description"] or "").split()),
        "licenses": [{"expression": expression(package)}],
        "purl": reference,
    }
    if checksum:
        entry["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["repository"]:
        entry["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return entry


def bill(edges, packages, checksums, target):
    def reference(package):
        return f"pkg:cargo/{package[0]}@{package[1]}"

    components = {
        key: component(packages[key], checksums.get(key), reference(key)) for key in sorted(edges)
    }
    program = next(key for key in edges if key[0] == PROGRAM)
    main = components.pop(program) | {"type": "application"}
    moment = os.environ.get("SOURCE_DATE_EPOCH") or subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    time = datetime.datetime.fromtimestamp(int(moment), datetime.timezone.utc)
    identity = f"{reference(program)}?target={target}&time={int(moment)}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, identity)}",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": main,
            "properties": [{"name": "cargo:target", "value": target}],
        },
        "components": list(components.values()),
        "dependencies": [
            {"ref": reference(key), "dependsOn": sorted(map(reference, edges[key]))}
            for key in sorted(edges)
        ],
    }


def texts(edges, packages):
    """Every licence text once, with the packages that have it."""
    holders, bodies = {}, {}
    for key in sorted(edges):
        package = packages[key]
        if package["source"] is None:
            continue
        folder = pathlib.Path(package["manifest_path"]).parent
        names = ("LICEN", "COPYING", "NOTICE", "UNLICENSE")
        found = [path for path in folder.iterdir() if path.name.upper().startswith(names)]
        inside = [path for place in found if place.is_dir() for path in place.iterdir()]
        files = [path for path in found + inside if path.is_file()]
        label = f"{key[0]} {key[1]} ({expression(package)})"
        if not files:
            # The licence is stated in the manifest; the archive of the package has no text of it.
            holders.setdefault("", []).append(f"{label}: {package['repository'] or 'no address'}")
        for file in sorted(files):
            body = file.read_text(encoding="utf-8", errors="replace").strip()
            digest = hashlib.sha256(" ".join(body.split()).encode()).hexdigest()
            bodies.setdefault(digest, body)
            if label not in holders.setdefault(digest, []):
                holders[digest].append(label)
    parts = [
        "\n".join(holders[digest]) + "\n\n" + body
        for digest, body in sorted(bodies.items(), key=lambda item: holders[item[0]][0])
    ]
    bare = holders.get("", [])
    if bare:
        parts.append("Packages without a licence text of their own:\n" + "\n".join(bare))
    line = "\n\n" + "-" * 98 + "\n\n"
    return (
        f"The program contains {len(edges)} packages and the Rust standard library (MIT OR Apache-2.0).\n"
        f"Licences of those that are not its own:{line}{line.join(parts)}\n"
    )


def validate(text):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        sys.exit(f"ci/sbom.py: the bill is not what its schema says: {problem}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--features", default="")
    parser.add_argument("--validate", action="store_true")
    arguments = parser.parse_args()
    edges = linked(arguments.target, arguments.features)
    metadata = json.loads(
        cargo("metadata", "--locked", "--format-version", "1", "--filter-platform", arguments.target)
    )
    packages = {(package["name"], package["version"]): package for package in metadata["packages"]}
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {
        (package["name"], package["version"]): package.get("checksum") for package in lock["package"]
    }
    document = bill(edges, packages, checksums, arguments.target)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    if arguments.validate:
        validate(text)
    (arguments.folder / f"{PROGRAM}.cdx.json").write_text(text)
    (arguments.folder / "THIRD-PARTY-LICENSES.txt").write_text(texts(edges, packages))
    print(f"ci/sbom.py: {len(document['components'])} packages are linked in for {arguments.target}")


main()
