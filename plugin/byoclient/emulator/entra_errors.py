"""Entra ID's error answers, in its words."""

from __future__ import annotations

from collections.abc import Mapping

OUTAGES = {
    401: ("invalid_client", 7000222, "The provided client secret keys for this app are expired."),
    429: ("temporarily_unavailable", 90055, "There are too many incoming requests. Please try again later."),
    500: ("server_error", 50000, "There was an error issuing a token or an issue with our sign-in service."),
    503: ("temporarily_unavailable", 90033, "A transient error has occurred. Please try again."),
    504: ("temporarily_unavailable", 90012, "The requested has timed out."),
}
OTHER_OUTAGES = {4: ("invalid_request", 90023, "The authentication service request is not valid."), 5: OUTAGES[503]}


class EntraError(Exception):
    """One of Entra's errors: `error` is the OAuth word, `code` the number after AADSTS."""

    def __init__(self, status: int, error: str, code: int, message: str) -> None:
        self.status, self.error, self.code, self.message = status, error, code, message
        super().__init__(message)


def outage(status: int) -> EntraError:
    """Return the error that has a status without being anybody's fault in particular."""
    word, code, message = OUTAGES.get(status) or OTHER_OUTAGES[status // 100]
    return EntraError(status, word, code, message)


def required(form: Mapping[str, str], name: str) -> str:
    """Return a field of the form, or raise Entra's error for its absence."""
    if name not in form:
        message = f"The request body must contain the following parameter: '{name}'."
        raise EntraError(400, "invalid_request", 900144, message)
    return form[name]


def unknown_client(client: str, tenant: str) -> EntraError:
    """Return the error for an application that the tenant does not have."""
    message = (
        f"Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant."
    )
    return EntraError(400, "unauthorized_client", 700016, message)


def wrong_secret(client: str) -> EntraError:
    """Return the error for a secret that is not the application's."""
    message = (
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
        f"the client secret ID, for a secret added to app '{client}'."
    )
    return EntraError(401, "invalid_client", 7000215, message)
