"""What a web page says, without everything around it."""

from __future__ import annotations

from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

AROUND = "script, style, noscript, template, svg, iframe, nav, header, footer, aside, form, button, [hidden]"
BODIES = ("article", "main", "[role=main]", "body")
LEAST = 200  # characters; a page whose article is shorter says more elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    title: str
    text: str


def read(html: str) -> Page:
    """The title, and the words of the article, or of all of the page where none is marked; a paragraph a line."""
    tree = LexborHTMLParser(html)
    title = _title(tree)
    for node in tree.css(AROUND):
        node.decompose()
    texts = [_lines(found.text(separator="\n")) for part in BODIES for found in tree.css(part)[:1]]
    text = next((text for text in texts if len(text) >= LEAST), max(texts, key=len, default=""))
    return Page(title=title, text=text)


def _title(tree: LexborHTMLParser) -> str:
    named = [node.attributes.get("content") for node in tree.css("meta[property='og:title']")]
    titles = [*named, *(node.text() for node in tree.css("title"))]
    return next((" ".join(title.split()) for title in titles if title and title.strip()), "")


def _lines(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)
