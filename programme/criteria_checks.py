"""The `check` of a criterion: a name from a known list and, for some, an argument: `percent_min:70`. Pure."""

import re
from datetime import date

from pydantic_core import PydanticCustomError

NO_LEAP_YEAR = 2023  # a deadline that exists in leap years only is none
MONTH_DAY = r"[0-9]{2}-[0-9]{2}"
ARGUMENTS: dict[str, str | None] = {
    "document_exists": None,
    "document_exists_if": r"[a-z][a-z0-9_]{0,39}",
    "value_recorded": None,
    "count_recorded": None,
    "count_min": r"[1-9][0-9]{0,2}",
    "percent_min": r"100|[1-9][0-9]?",
    "all_of": r"[1-9][0-9]?",
    "status_is": "recognised|maintained",
    "status_at_least": "completed|good|excellent",
    "zero_incident": None,
    "zero_incident_or_handled": None,
    "decrease_vs_prior_year": None,
    "deadline_before": MONTH_DAY,
    "reviewer_judgement": None,
}


def check(text: str) -> str:
    """Passes a check that is well formed; raises the pydantic error that names what is not."""
    name, colon, argument = text.partition(":")
    if name not in ARGUMENTS:
        raise PydanticCustomError("check_unknown", "{known}", {"known": ", ".join(ARGUMENTS)})
    pattern = ARGUMENTS[name]
    if bool(colon) != bool(pattern) or not re.fullmatch(pattern or "", argument):
        raise PydanticCustomError("check_argument", "{pattern}", {"pattern": f"{name}:{pattern}" if pattern else name})
    if pattern == MONTH_DAY:
        month_day(argument)
    return text


def month_day(text: str) -> str:
    """Passes `MM-DD` of a day that every year has."""
    if not is_month_day(text):
        raise PydanticCustomError("month_day", "MM-DD")
    return text


def is_month_day(text: str) -> bool:
    """Whether the text is `MM-DD` and every year has that day."""
    try:
        return re.fullmatch(MONTH_DAY, text) is not None and bool(date.fromisoformat(f"{NO_LEAP_YEAR}-{text}"))
    except ValueError:
        return False


def day_before(text: str) -> str:
    """`"12-12"` gives `"12-11"`: what "before 12 December" allows at the latest."""
    day = date.fromisoformat(f"{NO_LEAP_YEAR}-{text}")
    return f"{date.fromordinal(day.toordinal() - 1):%m-%d}"
