"""The file name that `cargo binstall` fetches for a target, by the metadata of the manifest.

    ci/binstall.py TARGET
"""

import pathlib
import sys
import tomllib

target = sys.argv[1]
root = pathlib.Path(__file__).resolve().parent.parent
manifest = tomllib.loads((root / "crates/twirlbench/Cargo.toml").read_text())
version = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["package"]["version"]
metadata = manifest["package"]["metadata"]["binstall"]
settings = metadata | metadata["overrides"].get(target, {})
endings = {"tgz": ".tar.gz", "zip": ".zip"}
url = settings["pkg-url"]
values = {"version": version, "target": target, "archive-suffix": endings[settings["pkg-fmt"]]}
for key, value in values.items():
    url = url.replace(f"{{ {key} }}", value)
print(url.rsplit("/", 1)[1])
