"""Phone numbers as keys: E.164, the extension apart, two numbers in one field told apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

_EXTENSION = re.compile(
    r"(?:доб(?:авочный)?|вн(?:утр)?|внутренний|ext(?:ension)?|x|#)\.?\s*:?\s*(\d{1,6})", re.IGNORECASE
)
_BETWEEN = re.compile(r"[;,/|\n]|\s(?:или|и|or|and)\s|(?<=\d)\s*(?=\+\d)", re.IGNORECASE)
_DIGITS = re.compile(r"\D+")
# A Russian mobile number as people write it: any ten digits from 9 are one in the numbering plan.
_MOBILE = re.compile(r"\s*(?:\+?7|8)?[\s(-]*(9(?:[\s()-]*\d){9})\s*")


@dataclass(frozen=True, slots=True)
class Phone:
    """One number: `number` is E.164 (`+79161234567`), `mobile` whether one person usually holds it."""

    number: str
    mobile: bool
    extension: str = ""


@lru_cache(maxsize=65536)
def phones_in(text: str, region: str = "RU") -> tuple[Phone, ...]:
    """Valid numbers of a field in order, each once; local numbers without a code and placeholders are no keys.

    >>> tuple(phone.number for phone in phones_in("8 (916) 123-45-67, (495) 987-65-43 доб. 12"))
    ('+79161234567', '+74959876543')
    """
    if region == "RU" and (mobile := _MOBILE.fullmatch(text)):
        digits = _DIGITS.sub("", mobile[1])
        return () if _is_placeholder(digits) else (Phone(f"+7{digits}", mobile=True),)
    found: dict[str, Phone] = {}
    for part in _BETWEEN.split(text):
        phone = _one(part, region)
        if phone is not None:
            found.setdefault(phone.number, phone)
    return tuple(found.values())


def _one(text: str, region: str) -> Phone | None:
    extension = _EXTENSION.search(text)
    bare = text[: extension.start()] if extension else text
    digits = _DIGITS.sub("", bare)
    if len(digits) < 10 or _is_placeholder(digits):
        return None
    if region == "RU" and len(digits) == 11 and digits[0] in "78":
        bare = f"+7{digits[1:]}"  # people write 8 for +7, some even +8
    try:
        parsed = phonenumbers.parse(bare, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    number: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    mobile = phonenumbers.number_type(parsed) == PhoneNumberType.MOBILE
    return Phone(number, mobile, extension[1] if extension else "")


def _is_placeholder(digits: str) -> bool:
    """+7 000 000-00-00, 8 999 999 99 99, 1234567890: typed to get past a required field."""
    tail = digits[-7:]
    return len(set(tail)) == 1 or digits[-10:] in ("1234567890", "0123456789", "9876543210")
