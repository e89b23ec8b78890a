"""The quick way to write the reply that a busy server writes most gives the same bytes as the general way."""

from hypothesis import example, given
from hypothesis import strategies as st

from jhup.messages import Stored
from jhup.objects import dump_object
from jhup.replies import reply_members
from jhup.writer import write_reply

texts = st.text(st.characters(exclude_categories=()), max_size=40)


@given(filename=texts, filesize=st.integers(0, 2**63 - 1), sha256=texts)
@example(filename='"\\\n\x7f\u2028日', filesize=0, sha256="0" * 64)
@example(filename="\ud800", filesize=1, sha256="\udfff")
def test_a_stored_reply_is_written_as_all_others_are(filename: str, filesize: int, sha256: str) -> None:
    reply = Stored(filename, filesize, sha256)
    header = dump_object(reply_members(reply))

    assert write_reply(reply) == len(header).to_bytes(4, "little") + header
