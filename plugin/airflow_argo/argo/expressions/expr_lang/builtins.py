"""The language's own functions that take values; those that take a predicate are in ``predicates``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from airflow_argo.argo.expressions.expr_lang.builtin_function import BuiltinFunction
from airflow_argo.argo.expressions.expr_lang.builtins_lists import LIST_FUNCTIONS
from airflow_argo.argo.expressions.expr_lang.builtins_numbers import NUMBER_FUNCTIONS
from airflow_argo.argo.expressions.expr_lang.builtins_text import TEXT_FUNCTIONS

BUILTINS: Mapping[str, BuiltinFunction] = MappingProxyType({**LIST_FUNCTIONS, **NUMBER_FUNCTIONS, **TEXT_FUNCTIONS})
