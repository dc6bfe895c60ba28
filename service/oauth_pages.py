"""The two pages that an app sends a person to: may it act for you, and which device is it. Plain HTML, no script.

There is no cookie and so nothing to forge a click with: a person types the password each time, and what the form holds
is checked again as if a stranger had sent it.
"""

from collections.abc import Mapping
from html import escape
from urllib.parse import urlsplit

from fastapi.responses import HTMLResponse

from auth.scopes import SCOPES

WORDS = {
    "vi": {
        "title": "Cho phép ứng dụng", "asks": "muốn làm thay bạn những việc sau:", "narrow":
        "Ứng dụng không bao giờ làm được điều mà chính bạn không được làm. Bạn rút lại sự cho phép lúc nào cũng được.",
        "username": "Tên đăng nhập", "password": "Mật khẩu", "otp": "Mã xác thực lớp hai (nếu có)",
        "allow": "Cho phép", "deny": "Từ chối", "device": "Mã hiện trên thiết bị", "next": "Tiếp tục",
        "done": "Xong. Bạn có thể quay lại thiết bị.", "refused": "Yêu cầu này không dùng được",
        "to": "Sau đó bạn trở lại",
        "beware": "Chỉ tiếp tục nếu chính bạn vừa mở ứng dụng này trên thiết bị của mình.",
    },
    "en": {
        "title": "Let an app in", "asks": "wants to do this in your name:", "narrow":
        "It can never do what you may not do yourself. You can take your leave back at any time.",
        "username": "User name", "password": "Password", "otp": "Code of the second factor (if you have one)",
        "allow": "Allow", "deny": "Deny", "device": "Code that the device shows", "next": "Continue",
        "done": "Done. You can go back to the device.", "refused": "This request cannot be used",
        "to": "Afterwards you go back to",
        "beware": "Go on only if you have just opened this app on a device of your own.",
    },
}  # fmt: skip


def consent(
    language: str, action: str, app: str, scope: str, hidden: Mapping[str, str], back: str = "", fault: str = ""
) -> HTMLResponse:
    """Asks for leave and for the password. `back` is where the browser goes afterwards, `fault` what went wrong."""
    words = WORDS[language]
    items = "".join(f"<li>{escape(getattr(SCOPES[name], language))}</li>" for name in scope.split())
    kept = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in hidden.items())
    where = f"<p>{words['to']} <code>{escape(_origin(back))}</code>.</p>" if back else f"<p>{words['beware']}</p>"
    body = (
        f"<p><strong>{escape(app)}</strong> {words['asks']}</p><ul>{items}</ul><p>{words['narrow']}</p>{where}"
        f'{_fault(fault)}<form method="post" action="{action}">{kept}'
        f'<label>{words["username"]}<input name="username" autocomplete="username"></label>'
        f'<label>{words["password"]}<input name="password" type="password" autocomplete="current-password"></label>'
        f'<label>{words["otp"]}<input name="otp" inputmode="numeric" autocomplete="one-time-code"></label>'
        f'<p><button name="answer" value="allow">{words["allow"]}</button> '
        f'<button name="answer" value="deny">{words["deny"]}</button></p></form>'
    )
    return _page(language, body, 400 if fault else 200, back)


def ask_for_code(language: str, fault: str = "") -> HTMLResponse:
    """Asks for the code of a device (RFC 8628 §3.3)."""
    words = WORDS[language]
    form = (
        f'{_fault(fault)}<form method="get" action="/oauth/device">'
        f'<label>{words["device"]}<input name="user_code" autocapitalize="characters"></label>'
        f"<p><button>{words['next']}</button></p></form>"
    )
    return _page(language, form, 400 if fault else 200)


def told(language: str, word: str, more: str = "", status: int = 200) -> HTMLResponse:
    """A page that only says something."""
    return _page(language, f"<p>{WORDS[language][word]}{': ' if more else ''}{escape(more)}</p>", status)


def _fault(text: str) -> str:
    return f'<p role="alert"><strong>{escape(text)}</strong></p>' if text else ""


def _origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


def _page(language: str, body: str, status: int, back: str = "") -> HTMLResponse:
    """Forms may lead here and back to the app, and nowhere else; nothing runs, nothing frames it (RFC 9700 §4.16)."""
    title = WORDS[language]["title"]
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"></head><body><h1>{title}</h1>{body}</body></html>'
    )
    forms = f"form-action 'self' {_origin(back)}" if back else "form-action 'self'"
    policy = f"default-src 'none'; base-uri 'none'; frame-ancestors 'none'; {forms}"
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Content-Language": language}
    return HTMLResponse(html, status, headers)
