"""The functions of Masterminds' sprig v3.3.0 that Argo gives expressions as ``sprig.NAME``.

What is left out (cryptography, semantic versions, URLs, network) fails by name.
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
from airflow_argo.argo.expressions.expr_lang.sprig.words import WORDS
from airflow_argo.argo.expressions.expr_lang.values import ANY, Function

LEFT_OUT = [
    "bcrypt",
    "buildCustomCert",
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
    "semver",
    "semverCompare",
    "urlJoin",
    "urlParse",
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
    **WORDS,
}
