from revisual.core.text import printable, shorten_names


def test_printable():
    assert printable("a\x1b[31mb\r\x07\u202ec\td\n✓") == "a\ufffd[31mb\ufffd\ufffd\ufffdc\td\n✓"


def test_names_are_shortened():
    assert shorten_names([]) == "" and shorten_names("abc") == "a, b, c"
    assert shorten_names("abcde") == "a, b, c and 2 more" and shorten_names("abc", most=1) == "a and 2 more"
