"""A Datasette plugin: how cells and failures are shown, and the few pages that differ from Datasette's own."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from datasette import Response, hookimpl
from datasette.database import QueryInterrupted
from datasette.utils.asgi import Base400
from datasette.views.base import DatasetteError
from jinja2 import ChoiceLoader, DictLoader, Environment

from db.defang import defang_hosts, defang_links
from db.unseen import show_lines

LONGEST_CELL: Final = 2_048
"""Characters shown of a cell: one may hold a whole page."""
_SPEAKING: Final = ("target", "matched", "explanation_zh", "explanation_en", "raw", "example", "value")
_HOST_COLUMNS: Final = frozenset(
    {"address", "host", "registrable_domain", "name", "tail", "download", "icon", *_SPEAKING}
)
"""Columns in which a host's name may stand without a scheme before it."""
_NAMED_OTHERWISE: Final = frozenset({"source", "document", "term", "app", "brand"})
"""Tables whose `name` is no host's."""
_TEMPLATES: Final = {
    # Datasette's own links to its home page
    "_footer.html": "fanzha · Datasette{% if query_ms %} · {{ query_ms|round(1) }} ms{% endif %}",
    "database.html": """{% extends "default:database.html" %}
{% block description_source_license %}{{ super() }}
<h2>视图 · Views</h2>
<ul class="bullets">{% for view in views if view.name in metadata.tables %}
<li><a href="{{ urls.table(database, view.name) }}">{{ view.name }}</a> {{ metadata.tables[view.name].title }}</li>
{% endfor %}</ul>
<h2>常用查询 · Queries</h2>
<ul class="bullets">{% for query in queries %}
<li><a href="{{ urls.query(database, query.name) }}">{{ query.title }}</a></li>
{% endfor %}</ul>
{% endblock %}""",
}


@hookimpl  # type: ignore[untyped-decorator]  # Datasette carries no types
def render_cell(value: object, column: str, table: str | None) -> str | None:
    """A text as it is shown, without live links; None leaves what is no text to Datasette."""
    if not isinstance(value, str) or not value.strip():
        return None
    seen = value[:LONGEST_CELL] + ("…" if len(value) > LONGEST_CELL else "")
    has_hosts = column in _HOST_COLUMNS and not (column == "name" and table in _NAMED_OTHERWISE)
    return defang_hosts(seen) if has_hosts else defang_links(seen)


@hookimpl  # type: ignore[untyped-decorator]  # Datasette carries no types
def prepare_jinja2_environment(env: Environment) -> None:
    """Put our templates before Datasette's, and write out invisible characters wherever a page shows a value."""
    env.finalize = _without_unseen
    env.loader = ChoiceLoader([DictLoader(_TEMPLATES), *([env.loader] if env.loader else [])])


@hookimpl  # type: ignore[untyped-decorator]  # Datasette carries no types
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Callable[[], Awaitable[Any]]:  # noqa: ANN401 - Datasette carries no types
    """An error page or object without links.

    It stands in for Datasette's own, which prints each stack, a mistyped address's too, with all local variables.
    """
    status, message = _told(exception)
    if status == 500:
        logging.getLogger(__name__).error("%s cannot be shown", request.path, exc_info=exception)

    async def answer() -> Any:  # noqa: ANN401 - likewise
        if request.path.endswith(".json"):
            return Response.json({"ok": False, "error": message, "status": status, "title": None}, status=status)
        page = await datasette.render_template("error.html", {"error": message, "status": status}, request=request)
        return Response.html(page, status=status)

    return answer


def _without_unseen(value: object) -> object:
    return type(value)(show_lines(value)) if isinstance(value, str) else value


def _told(exception: Exception) -> tuple[int, str]:
    if isinstance(exception.__context__, QueryInterrupted):
        return 400, "查询超时，请缩小范围 · the query took too long; ask for less"
    if isinstance(exception, DatasetteError):
        # left at its default of 500, it is about what was asked for all the same
        return 400 if exception.status == 500 else exception.status, str(exception.message)
    if isinstance(exception, Base400):
        return exception.status, str(exception)
    return 500, "页面出错，详见服务端输出 · this page failed; the server's output tells why"
