# SPDX-License-Identifier: Apache-2.0
"""The exceptions of Brownout. Their texts are those of the command."""

from __future__ import annotations


class Error(Exception):
    """Base class of the errors of Brownout.

    ``exit_code`` is what the command ends with in the same situation.
    """

    exit_code: int = 1


class InputError(Error, ValueError):
    """The input is wrong: a file, an argument, or arguments that do not go together.

    The message says where, what was found and what was expected.
    """

    exit_code: int = 2


class RunError(Error, RuntimeError):
    """The input is correct, but the run failed."""

    exit_code: int = 1


for _class in (Error, InputError, RunError):
    _class.__module__ = "brownout"
