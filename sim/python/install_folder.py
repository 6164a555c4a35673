#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""install_folder.py PREFIX prints where this Python looks for packages, relative to the prefix.

/usr of Debian has its own folder, as has /usr/local; any other prefix has that of all systems.
"""

import os
import sys
import sysconfig

prefix = os.path.abspath(sys.argv[1])
schemes = sysconfig.get_scheme_names()
if prefix == "/usr" and "deb_system" in schemes:
    folder = sysconfig.get_path("purelib", "deb_system", {"base": prefix})
elif prefix == "/usr/local" and "posix_local" in schemes:
    folder = sysconfig.get_path("platlib", "posix_local", {"platbase": "/usr"})
else:
    folder = sysconfig.get_path("platlib", "posix_prefix", {"platbase": prefix})
print(os.path.relpath(folder, prefix))
