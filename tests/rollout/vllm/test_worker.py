"""What a worker of vLLM says of weights, without vLLM."""

import pytest

from revisual.core.errors import UserError
from revisual.rollout.weight_sync import (
    require_loaded,
    require_names,
    require_received,
)


def test_what_is_missing_is_named():
    names = [f"w{i}" for i in range(6)]
    require_names(names, reversed(names))
    with pytest.raises(UserError, match="w0, w1, w2 and 1 more not sent"):
        require_names(names, names[4:])
    with pytest.raises(UserError, match="the policy has no w5"):
        require_names(names[:5], names)
    require_received({"a": "1"}, {"a": "1"})
    for received in ({}, {"a": "2"}, {"a": "1", "b": "3"}):
        with pytest.raises(UserError, match=r"it did not get [ab] as sent"):
            require_received({"a": "1"}, received)
    require_loaded([])
    with pytest.raises(UserError, match="its norm got nothing"):
        require_loaded(["norm"])
