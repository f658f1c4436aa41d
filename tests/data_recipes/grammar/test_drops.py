from revisual.data_recipes.grammar.drops import Drop, DropLog, read_drops


def test_drops_are_counted_and_read_back(tmp_path):
    log = DropLog()
    drops = [Drop("a", "1", "short"), Drop("b", "é\n", "short", {"of": "a/1"}), Drop("a", "3", "long")]
    for drop in drops:
        log.add(drop)
    log.count("odd", "a", 5)
    assert log.counts == {"short": {"a": 1, "b": 1}, "long": {"a": 1}, "odd": {"a": 5}}
    log.write(tmp_path / "dropped.jsonl")
    assert list(read_drops(tmp_path / "dropped.jsonl")) == drops
