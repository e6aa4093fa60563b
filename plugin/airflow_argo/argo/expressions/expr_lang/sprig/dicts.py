"""sprig's functions for maps; ``set``, ``unset`` and ``merge`` change the map that they are given, as in Go."""

from __future__ import annotations

import copy
from typing import Any

from airflow_argo.argo.expressions.expr_lang.operators import as_text, wrong_type
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.sprig.declaring import declare, is_empty, several, strval
from airflow_argo.argo.expressions.expr_lang.values import Strings

_Dict = dict[str, Any]


def _dict(*pairs: Any) -> _Dict:
    values = [*pairs, ""] if len(pairs) % 2 else pairs
    return {strval(key): value for key, value in zip(values[::2], values[1::2], strict=True)}


def _set(target: _Dict, key: str, value: Any) -> _Dict:
    target[key] = value
    return target


def _unset(target: _Dict, key: str) -> _Dict:
    target.pop(key, None)
    return target


def _pluck(key: str, *dicts: _Dict) -> list[Any]:
    return [each[key] for each in dicts if key in each]


def _merge(target: _Dict, *sources: _Dict) -> _Dict:
    for source in sources:
        for key, value in source.items():
            known = target.get(key)
            if isinstance(known, dict) and isinstance(value, dict):
                _merge(known, value)
            elif is_empty(known):
                target[key] = value
    return target


def _merge_overwrite(target: _Dict, *sources: _Dict) -> _Dict:
    for source in sources:
        for key, value in source.items():
            known = target.get(key)
            if isinstance(known, dict) and isinstance(value, dict):
                _merge_overwrite(known, value)
            elif not is_empty(value) or key not in target:
                target[key] = value
    return target


def _dig(*given: Any) -> Any:
    if len(given) < 3:
        raise Fault("dig needs at least three arguments")
    *keys, default, found = given
    if not isinstance(found, dict):
        raise wrong_type(found, "map[string]interface {}")
    for key in keys:
        as_text(key)
    for key in keys:
        if not isinstance(found, dict):
            raise wrong_type(found, "map[string]interface {}")
        if key not in found:
            return default
        found = found[key]
    return found


def _deep_copy(value: Any) -> Any:
    if value is None:
        raise Fault("reflect: call of reflect.Value.Type on zero Value")
    return copy.deepcopy(value)


DICTS = dict(
    [
        declare("dict", "*...", _dict),
        declare("get", "d s", lambda target, key: target.get(key, "")),
        declare("set", "d s *", _set),
        declare("unset", "d s", _unset),
        declare("hasKey", "d s", lambda target, key: key in target),
        declare("pluck", "s d...", _pluck),
        declare("keys", "d...", lambda *dicts: Strings(key for each in dicts for key in sorted(each))),
        declare("values", "d", lambda target: [target[key] for key in sorted(target)]),
        declare("pick", "d s...", lambda target, *keys: {key: target[key] for key in keys if key in target}),
        declare("omit", "d s...", lambda target, *keys: {key: target[key] for key in target if key not in keys}),
        *several("merge mustMerge", "d d...", _merge),
        *several("mergeOverwrite mustMergeOverwrite", "d d...", _merge_overwrite),
        *several("deepCopy mustDeepCopy", "*", _deep_copy),
        declare("dig", "*...", _dig),
    ]
)
