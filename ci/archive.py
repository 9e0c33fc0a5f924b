"""Packs a folder so that the same files give the same bytes, and writes the checksum beside the archive.

    ci/archive.py FOLDER INTO SYSTEM SECONDS

A zip for Windows, else a tar.gz; every file has the time SECONDS since 1970 and no owner.
"""

import gzip
import hashlib
import io
import pathlib
import sys
import tarfile
import time
import zipfile

folder, into, system, seconds = sys.argv[1:]
folder, into, seconds = pathlib.Path(folder), pathlib.Path(into), int(seconds)
files = sorted(path for path in folder.rglob("*") if path.is_file())


def place(path):
    return path.relative_to(folder.parent).as_posix()


def is_program(path):
    return path.stem == "twirlbench" and path.parent == folder and path.suffix in ("", ".exe")


data = io.BytesIO()
if system == "windows":
    archive = into / f"{folder.name}.zip"
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for path in files:
            entry = zipfile.ZipInfo(place(path), time.gmtime(seconds)[:6])
            entry.external_attr = (0o755 if is_program(path) else 0o644) << 16
            out.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
else:
    archive = into / f"{folder.name}.tar.gz"
    with (
        gzip.GzipFile(filename="", fileobj=data, mode="wb", mtime=seconds) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as out,
    ):
        for path in files:
            entry = tarfile.TarInfo(place(path))
            entry.size, entry.mtime = path.stat().st_size, seconds
            entry.mode = 0o755 if is_program(path) else 0o644
            with path.open("rb") as content:
                out.addfile(entry, content)
archive.write_bytes(data.getvalue())
digest = hashlib.sha256(data.getvalue()).hexdigest()
(into / f"{archive.name}.sha256").write_text(f"{digest}  {archive.name}\n")
