from html.parser import HTMLParser

from coeval.report.markup import Markup
from coeval.report.regret import Series, regret_svg
from coeval.report.regret_page import Page, regret_page


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: list[str] = []
        self._in_cell = False

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._in_cell = tag in ("td", "th")

    def handle_data(self, data):
        if self._in_cell:
            self.cells.append(data)
            self._in_cell = False


def made(**changed: object) -> str:
    fields = {
        "title": "a <table>",
        "lead": "local is nearest",
        "drawings": [regret_svg([Series("local", (1.0, 0.5))], "t", "s", "a")],
        "columns": ["strategy", "after 2"],
        "rows": [["local", "0.500"], ["<random>", "0.900"]],
        "notes": ["every ask counts"],
        "command": "coeval bench & co",
    }
    return regret_page(Page(**{**fields, **changed}))


def test_the_page_holds_drawing_table_notes_and_command():
    reader = Reader()
    reader.feed(made())
    assert reader.cells == ["strategy", "after 2", "local", "0.500", "<random>", "0.900"]
    assert "svg" in reader.tags
    assert "every ask counts" in made()
    assert "coeval bench &amp; co" in made()


def test_what_users_wrote_is_escaped():
    assert "<title>a &lt;table&gt;" in made()


def test_nothing_is_fetched_and_nothing_runs():
    page = made(drawings=[Markup("<svg></svg>")])
    assert "default-src 'none'" in page.replace("&#x27;", "'")
    assert not [word for word in ("<script", "src=", "href=", "url(", "@import") if word in page]
