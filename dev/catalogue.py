"""What argparse says, in Traditional Chinese, as the catalogue that gettext reads; `make docs` writes it."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from mcapp.catalogue import CATALOGUES, CHINESE
from mcapp.shell import COMMAND

PATH = CATALOGUES / CHINESE / "LC_MESSAGES" / f"{COMMAND}.mo"
# Those of argparse's sentences that the options of the tools can lead to.
SENTENCES = {
    "usage: ": "用法：",
    "options": "選項",
    "positional arguments": "位置引數",
    "show this help message and exit": "顯示此說明後結束",
    "argument %(argument_name)s: %(message)s": "引數 %(argument_name)s：%(message)s",
    "expected one argument": "需要一個值",
    "expected at least one argument": "至少需要一個值",
    "ignored explicit argument %r": "不接受值 %r",
    "invalid %(type)s value: %(value)r": "%(value)r 不是 %(type)s 類型的值",
    "invalid choice: %(value)r (choose from %(choices)s)": "沒有 %(value)r 這個選擇（可用的有 %(choices)s）",
    "not allowed with argument %s": "不可與引數 %s 同時使用",
    "one of the arguments %s is required": "下列引數必須指定其中一個：%s",
    "the following arguments are required: %s": "缺少必要的引數：%s",
    "unrecognized arguments: %s": "無法辨識的引數：%s",
}
# The number by which a catalogue is known, and the size of its head: seven numbers.
MAGIC, HEAD = 0x950412DE, 7 * 4
# An empty sentence stands for the catalogue's own properties.
PROPERTIES = {"": "Content-Type: text/plain; charset=UTF-8\n"}


def compiled(sentences: Mapping[str, str] = SENTENCES) -> bytes:
    """Return the sentences in gettext's binary form, as `msgfmt` would make it."""
    pairs = sorted((key.encode(), value.encode()) for key, value in {**PROPERTIES, **sentences}.items())
    count = len(pairs)
    at = HEAD + 2 * count * 8
    tables, texts = [], b""
    for column in zip(*pairs, strict=True):
        for text in column:
            tables += [len(text), at + len(texts)]
            texts += text + b"\0"
    # The number of the version, the places of both tables, and no table of hashes.
    head = (MAGIC, 0, count, HEAD, HEAD + count * 8, 0, at)
    return struct.pack(f"<{7 + len(tables)}I", *head, *tables) + texts
