"""What the tests read of a page: a parser of its own, that knows nothing of how pages are written."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "hr", "link", "input"}


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    children: "list[Node]" = field(default_factory=list)
    text: str = ""

    def all(self, tag: str, **attributes: str) -> "list[Node]":
        """Descendants with that tag, whose attributes hold these words."""
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        found = []
        for child in self.children:
            if child.tag == tag and all(v in child.attributes.get(k, "").split() for k, v in wanted.items()):
                found.append(child)
            found += child.all(tag, **attributes)
        return found

    def __getitem__(self, name: str) -> float:
        return float(self.attributes[name])

    @property
    def words(self) -> str:
        return self.text + "".join(child.words for child in self.children)


class Reader(HTMLParser):
    """Builds the tree, and fails where a tag is closed that is not the open one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        node = Node(tag, {name: value or "" for name, value in attrs})
        assert len(node.attributes) == len(attrs), f"an attribute of <{tag}> stands twice"
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"</{tag}> where <{self.open[-1].tag}> is open"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].text += data


def parse(markup: object) -> Node:
    reader = Reader()
    reader.feed(str(markup))
    reader.close()
    assert len(reader.open) == 1, f"<{reader.open[-1].tag}> is never closed"
    return reader.root
