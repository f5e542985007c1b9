from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from coeval.report.markup import Markup, definitions, escape, join, number, table, tag


class Reader(HTMLParser):
    """Collects elements, attributes and text as a browser would see them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


@given(texts)
def test_text_and_attributes_come_back_as_they_were(text):
    found = read(tag("p", text, at={"title": text}))
    assert found.text == text
    assert found.elements == ["p"]
    assert found.attributes == [("title", text)]


def test_markup_is_not_escaped_twice():
    assert join([escape("a<b"), Markup("<i>c</i>"), "&"]) == "a&lt;b<i>c</i>&amp;"


def test_an_attribute_that_is_true_has_no_value_and_a_false_one_is_left_out():
    assert (
        tag("details", at={"open": True, "id": None, "hidden": False}) == "<details open></details>"
    )


def test_a_void_element_is_not_closed():
    assert tag("input", at={"type": "search"}) == '<input type="search">'


def test_a_table_keeps_cells_and_wraps_plain_values():
    found = table(("a",), [(number("1"),), ("<2>",)])
    assert '<th scope="col">a</th>' in found
    assert '<td class="number">1</td>' in found
    assert "<td>&lt;2&gt;</td>" in found


def test_definitions_escape_terms_and_descriptions():
    assert read(definitions([("<a>", "<b>")])).text == "<a><b>"
