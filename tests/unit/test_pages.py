"""Pages of the web as words."""

from __future__ import annotations

import pytest

from tzurot.web.page import LEAST, read

LONG = "The lamp was lit at dusk, as on every evening. " * (LEAST // 40)


def test_the_article_is_read_without_what_is_around_it() -> None:
    page = read(
        f"""<html><head><title> The  lamp </title><style>p {{}}</style></head><body><nav>Home About</nav>
        <article><h1>At dusk</h1><script>alert(1)</script><p>{LONG}</p><aside>Buy oil!</aside></article>
        <footer>Imprint</footer></body></html>"""
    )
    assert page.title == "The lamp"
    assert page.text == f"At dusk\n{LONG.strip()}"


def test_an_article_that_says_nothing_is_not_the_page() -> None:
    page = read(f"<body><article>Share</article><div>{LONG}</div><div hidden>secret</div></body>")
    assert page.text == f"Share\n{LONG.strip()}"


@pytest.mark.parametrize("html", ["", "<", "no tags at all", "<p>" * 5000, "<body><!-- -->", "\0<p>x"])
def test_anything_may_come(html: str) -> None:
    page = read(html)
    assert "<" not in page.text.removeprefix("<")
