from revisual.report.markdown import cell, table


def test_cells_of_a_table_are_text():
    assert cell("a|b <c>\n`d`") == r"a\|b &lt;c&gt; \`d\`"
    assert table(["a"], [[None], [1234], [True]]).splitlines()[2:] == ["| - |", "| 1,234 |", "| yes |"]
