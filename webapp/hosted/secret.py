"""Secrets as they are stored: encrypted with a key of this installation."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"allelens: key of the hosted service"


def encrypted(text: str) -> str:
    return _cipher().encrypt(text.encode()).decode()


def decrypted(text: str) -> str | None:
    """The secret; None if it was stored under another SECRET_KEY."""
    try:
        return _cipher().decrypt(text.encode()).decode()
    except InvalidToken:
        return None


def _cipher() -> Fernet:
    # A key for this purpose alone: SECRET_KEY signs sessions as well.
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_PURPOSE)
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))
