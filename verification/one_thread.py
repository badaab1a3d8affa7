"""A middleware that does nothing, in the one place where it saves most of a request's time."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware

Respond = Callable[[HttpRequest], HttpResponse]


@sync_only_middleware
def keep_in_one_thread(get_response: Respond) -> Respond:
    """Make Django call views, and the middlewares above that can do either, in one thread for each request.

    Behind an asynchronous server, Django prefers the asynchronous face of every middleware that has one.
    Those of its own are synchronous inside and send each of their halves to a thread: some twenty changes of
    thread a request, whose view is synchronous as well.
    """
    return get_response
