import pytest

from revisual.core.errors import UserError
from revisual.core.packages import require_package


def test_a_missing_package_is_told_with_what_to_install():
    require_package("json", "reading")
    with pytest.raises(
        UserError, match=r'painting needs the package no_such_paint: pip install "revisual\[curation\]"'
    ):
        require_package("no_such_paint", "painting")
    with pytest.raises(UserError, match="pip install paint-box"):
        require_package("no_such_paint", "painting", "paint-box")
