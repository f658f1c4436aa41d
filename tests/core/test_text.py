from revisual.core.text import printable


def test_printable():
    assert printable("a\x1b[31mb\r\x07\u202ec\td\n✓") == "a\ufffd[31mb\ufffd\ufffd\ufffdc\td\n✓"
