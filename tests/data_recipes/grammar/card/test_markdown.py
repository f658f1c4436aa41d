import yaml


def test_the_card_says_what_happened(published):
    text = (published / "publish/dataset/README.md").read_text()
    head = yaml.safe_load(text.split("---\n")[1])
    assert [config["config_name"] for config in head["configs"]] == sorted(
        ["cold_start", "multimodal_rl", "text_rl"], key=text.index
    )
    assert "| texts | text | MIT &lt;3 | x/y | yes | 120 | 70 |" in text
    assert "| balance | 160 | 110 |" in text and "| balance | not drawn | 50 |" in text
    assert "# A \\*small\\* set" in text
    page = (published / "card.html").read_text()
    assert "MIT &lt;3" in page and "<b>plus" not in page and page.count("<svg") >= 6
    assert (published / "publish/dataset/card.html").read_text() == page
