"""What can go wrong in `auth`, by name; `service/problems.py` gives each its text."""

from typing import Any, ClassVar


class AuthError(Exception):
    """Base; `params` fill the text of the problem whose `code` this is."""

    code: ClassVar[str] = "internal"

    def __init__(self, **params: Any) -> None:
        super().__init__(self.code)
        self.params = params


class CredentialsInvalid(AuthError):
    """User name or password is wrong; the answer never says which."""

    code = "credentials_invalid"


class TokenMissing(AuthError):
    """No bearer token came with the request."""

    code = "token_missing"


class TokenInvalid(AuthError):
    """The token is not one of ours, or is for somebody else; the answer never says why."""

    code = "token_invalid"


class TokenExpired(AuthError):
    """An access token of ours, past its time."""

    code = "token_expired"


class RefreshInvalid(AuthError):
    """The refresh token is unknown, past its time, or signed out."""

    code = "refresh_invalid"


class RefreshReused(AuthError):
    """A refresh token came back after its successor had been used: two parties hold one session."""

    code = "refresh_reused"


class EnrolmentInvalid(AuthError):
    """The enrolment code is unknown, past its time, or used by another install; the answer never says which."""

    code = "enrolment_invalid"


class PublicKeyInvalid(AuthError):
    """What the device sent is not a P-256 public key in PEM."""

    code = "public_key_invalid"


class ClientRevoked(AuthError):
    """This client was shut out; `current` tells it whether it was `lost` (wipe) or `retired`."""

    code = "client_revoked"


class ClientUnknown(AuthError):
    """No such client, or none that the caller may see."""

    code = "client_unknown"


class AccountInactive(AuthError):
    """The account is switched off."""

    code = "account_inactive"


class AccountExists(AuthError):
    """The user name is taken."""

    code = "account_exists"


class AccountUnknown(AuthError):
    """No such account, or none that the caller may see."""

    code = "account_unknown"


class RoleUnknown(AuthError):
    """Not a role of the catalogue."""

    code = "role_unknown"


class PasswordWeak(AuthError):
    """The password is too short, too long, or lacks a class of characters (QCVN 12:2026/BCA 3.7.2)."""

    code = "password_weak"


class PasswordUsed(AuthError):
    """The new password is one of the last ten."""

    code = "password_used"


class PasswordDue(AuthError):
    """The password has to be changed first: somebody else chose it, or it has served its time."""

    code = "password_due"


class NotPermitted(AuthError):
    """The caller's roles do not reach this."""

    code = "not_permitted"


class DelegationInvalid(AuthError):
    """The period of a delegation is over, empty, or too long."""

    code = "delegation_invalid"


class SecondFactorInvalid(AuthError):
    """The code of the second factor is wrong, was used, or there is no second factor yet."""

    code = "second_factor_invalid"


class SecondFactorNeeded(AuthError):
    """This is done in a session that has shown a second factor."""

    code = "second_factor_needed"


class SecondFactorExists(AuthError):
    """There is one; only its owner, having shown it, or an operator replaces it."""

    code = "second_factor_exists"


class ProofInvalid(AuthError):
    """The refresh came without a proof by the key of the device, or with a wrong one (RFC 9449)."""

    code = "proof_invalid"


class TooManyRequests(AuthError):
    """A limit is used up; `headers` say when there is room again."""

    code = "too_many_requests"


class DeviceProofInvalid(AuthError):
    """The request is not signed by the key of this client, or there is no such client; the answer never says which."""

    code = "device_proof_invalid"


class WeekUnreviewable(AuthError):
    """The week of the audit trail lasts still, or more in it is unusual than the caller has seen."""

    code = "week_unreviewable"


class AppUnknown(AuthError):
    """No such app, or none that is let in."""

    code = "app_unknown"


class AppInvalid(AuthError):
    """What an administrator says of an app must not be: `fault` names it."""

    code = "app_invalid"


class ScopeInsufficient(AuthError):
    """The token of an app does not reach this operation (RFC 6750 §3.1)."""

    code = "scope_insufficient"


class OAuthRefused(AuthError):
    """An answer of the authorization server by RFC 6749 §5.2: `error` is one of its words, and all that is said."""

    code = "oauth_refused"

    def __init__(self, error: str) -> None:
        super().__init__()
        self.error = error


class KeyUnknown(TokenInvalid):
    """No key of the provider has this name; it may have a new one."""

    code = "token_invalid"


class ExternalOff(AuthError):
    """No outside provider is set up."""

    code = "external_off"


class ExternalInvalid(AuthError):
    """A sign-in through the provider was not begun here, took too long, came twice, or is not what it says it is."""

    code = "external_invalid"


class ProviderUnavailable(AuthError):
    """The provider does not answer, or says what no provider says."""

    code = "provider_unavailable"


class ReturnUriUnknown(AuthError):
    """The settings do not name the address to which an app wants its browser back."""

    code = "return_uri_unknown"


class IdentityUnknown(AuthError):
    """The provider knows this person, and no account here is tied to them."""

    code = "identity_unknown"


class IdentityTaken(AuthError):
    """The provider's person is tied to another account."""

    code = "identity_taken"
