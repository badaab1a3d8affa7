"""`{% module_script "js/page.js" %}`: a module script, and word of all its imports before it."""

from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from verification.module_graph import list_modules

register = template.Library()


@register.simple_tag(takes_context=True)
def module_script(context: dict[str, Any], entry: str) -> SafeString:
    """entry: the name of a static file. The page's nonce allows the script and what it imports."""
    nonce = context["request"].csp_nonce
    preloads = format_html_join(
        "\n",
        '<link rel="modulepreload" nonce="{}" href="{}">',
        ((nonce, static(module)) for module in list_modules(entry)),
    )
    script = format_html('<script type="module" nonce="{}" src="{}"></script>', nonce, static(entry))
    return format_html("{}\n{}", preloads, script)
