"""Markdown parsed once into blocks: JSON values that every other format is written from, so that all say the same.

A block is `{"type": heading | paragraph | table | list | quote | code | rule, ...}`; a run of text is
`{"text", "strong", "em", "code"}` or `{"break": true}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

Block = dict[str, Any]
Run = dict[str, Any]

_STYLES = {"strong": "strong", "em": "em"}


def blocks(markdown: str) -> list[Block]:
    """The blocks of a text. HTML, links and images are not read as such: they stay the text that they are."""
    return [_block(node) for node in SyntaxTreeNode(_parser().parse(markdown)).children]


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return parser.disable(["html_block", "html_inline", "link", "image", "autolink", "reference", "entity"])


def _block(node: SyntaxTreeNode) -> Block:
    match node.type:
        case "heading":
            return {"type": "heading", "level": int(node.tag[1:]), "runs": _runs(node)}
        case "table":
            return _table(node)
        case "bullet_list" | "ordered_list":
            items = [[_block(child) for child in item.children] for item in node.children]
            return {"type": "list", "ordered": node.type == "ordered_list", "items": items}
        case "blockquote":
            return {"type": "quote", "blocks": [_block(child) for child in node.children]}
        case "fence" | "code_block":
            return {"type": "code", "text": node.content}
        case "hr":
            return {"type": "rule"}
        case _:
            return {"type": "paragraph", "runs": _runs(node)}


def _table(node: SyntaxTreeNode) -> Block:
    rows = [[_runs(cell) for cell in row.children] for part in node.children for row in part.children]
    return {"type": "table", "head": rows[0], "rows": rows[1:]}


def _runs(node: SyntaxTreeNode) -> list[Run]:
    return [run for child in node.children for run in _walked(child, {})]


def _walked(node: SyntaxTreeNode, style: Run) -> Iterator[Run]:
    style = {**style, _STYLES[node.type]: True} if node.type in _STYLES else style
    if node.type in ("text", "code_inline") and node.content:
        yield {"text": node.content, **style, **({"code": True} if node.type == "code_inline" else {})}
    elif node.type == "softbreak":
        yield {"text": " ", **style}
    elif node.type == "hardbreak":
        yield {"break": True}
    for child in node.children:
        yield from _walked(child, style)
