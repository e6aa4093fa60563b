"""The functions of Masterminds' sprig v3.3.0 that Argo gives expressions as ``sprig.NAME``.

What is left out (cryptography, semantic versions, wrapping and changing the case of words, network) fails by name.
"""

from __future__ import annotations

from typing import Any

from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.sprig.dicts import DICTS
from airflow_argo.argo.expressions.expr_lang.sprig.lists import LISTS
from airflow_argo.argo.expressions.expr_lang.sprig.numbers import NUMBERS
from airflow_argo.argo.expressions.expr_lang.sprig.regular import REGULAR
from airflow_argo.argo.expressions.expr_lang.sprig.text import TEXT
from airflow_argo.argo.expressions.expr_lang.sprig.times import TIMES
from airflow_argo.argo.expressions.expr_lang.sprig.various import VARIOUS
from airflow_argo.argo.expressions.expr_lang.values import ANY, Function

LEFT_OUT = [
    "abbrevboth",
    "bcrypt",
    "buildCustomCert",
    "camelcase",
    "decryptAES",
    "derivePassword",
    "encryptAES",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "getHostByName",
    "htpasswd",
    "kebabcase",
    "osBase",
    "osClean",
    "osDir",
    "osExt",
    "osIsAbs",
    "randAscii",
    "randBytes",
    "semver",
    "semverCompare",
    "shuffle",
    "snakecase",
    "toDecimal",
    "urlJoin",
    "urlParse",
    "wrap",
    "wrapWith",
]


def _left_out(name: str) -> Function:
    def call(*given: Any) -> Any:
        raise Fault(f"sprig.{name} is not supported by this implementation of Argo's expressions")

    return Function(name, call, (ANY,), variadic=True)


SPRIG: dict[str, Function] = {
    **{name: _left_out(name) for name in LEFT_OUT},
    **TEXT,
    **LISTS,
    **DICTS,
    **NUMBERS,
    **REGULAR,
    **TIMES,
    **VARIOUS,
}
