"""Refuses a program for Linux that needs a newer glibc than VERSION, by the versions of its symbols.

    ci/glibc.py PROGRAM VERSION
"""

import pathlib
import re
import sys

program, allowed = sys.argv[1:]
text = pathlib.Path(program).read_bytes()
found = {tuple(map(int, match.split(b"."))) for match in re.findall(rb"\0GLIBC_(\d+(?:\.\d+)+)(?=\0)", text)}
if not found:
    sys.exit(f"ci/glibc.py: {program} names no version of glibc: not a program for glibc")
newest = max(found)
if newest > tuple(map(int, allowed.split("."))):
    sys.exit(f"ci/glibc.py: {program} needs glibc {'.'.join(map(str, newest))}, newer than {allowed}")
print(f"ci/glibc.py: {program} needs glibc {'.'.join(map(str, newest))} or later")
