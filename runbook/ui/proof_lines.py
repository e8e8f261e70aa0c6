"""What `verify` found, in words: what is proven by what, what is not, and what nobody would notice."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.model.text import N_, _
from runbook.store.proof import ChainProof, Doubt, Voucher
from runbook.store.refusals import SENTENCES
from runbook.store.verifying import Verdict

_REASONS = {
    "page": N_("the file is damaged there ({detail})"),
    "missing": N_("it is not where it belongs ({detail})"),
    "fork": N_("two rows with this number say different things"),
    "tail": N_("it is gone: {name} knows of events up to {detail}"),
    "other": N_("{name} knows another event with this number"),
    "time_back": N_("its time ({detail}) lies before that of the event in front of it"),
    "time_future": N_("its time ({detail}) is still to come"),
    "several": N_("it fits {count} events; type more of its digits"),
}
_VOUCHES = {
    "writer": N_("Events 1 to {seq} are also known to another writer ({name})."),
    "copy": N_("Events 1 to {seq} are also in another copy ({name})."),
    "head": N_("Events 1 to {seq} lead to the head that was noted elsewhere ({name})."),
}


def lines(verdict: Verdict) -> Iterator[str]:
    """The verdict, line by line; nothing in it is ours to trust, so it still has to pass the gate."""
    yield f"{verdict.incident}  #{verdict.code}" if verdict.code else verdict.incident
    for chain in verdict.chains:
        yield from (f"  {line}" for line in _chain(chain))
    yield "  " + _("Whole: {files} plan files, {pieces} pieces of evidence.").format(
        files=verdict.files, pieces=verdict.pieces
    )
    for remark in verdict.remarks:
        yield "  " + _("Note: {sentence}").format(sentence=sentence(remark))
    for doubt in verdict.doubts:
        yield "  " + _("NOT PROVEN: {sentence}").format(sentence=sentence(doubt))
    if not any(voucher.by == "head" for chain in verdict.chains for voucher in chain.vouchers):
        yield "  " + _(
            "A journal that was replaced as a whole is noticed only against a head that was noted elsewhere:"
        )
        yield "  " + f"runbook verify {verdict.incident} --head HASH"


def _chain(chain: ChainProof) -> Iterator[str]:
    number, head = chain.head
    if not number:
        yield _("Writer {writer}: no event is proven.").format(writer=chain.writer)
        return
    yield _("Writer {writer}: events 1 to {seq} are proven by their chain. Its head:").format(
        writer=chain.writer, seq=number
    )
    yield f"  {head}"
    yield from (f"  {_vouched(each)}" for each in chain.vouchers)
    if chain.behind:
        yield "  " + _("{count} rows behind them are not proven.").format(count=chain.behind)
    elif not chain.vouched:
        yield "  " + _("Nothing else knows of them: events that were removed from the end would not be noticed.")
    elif chain.vouched < number:
        sentence = _(
            "Nothing else knows of the events behind {seq}: any that were removed from the end would not be noticed."
        )
        yield "  " + sentence.format(seq=chain.vouched)


def _vouched(voucher: Voucher) -> str:
    return _(_VOUCHES[voucher.by]).format(seq=voucher.seq, name=voucher.name)


def sentence(doubt: Doubt) -> str:
    """One doubt as a whole sentence: which event or file, and why."""
    reasons = {**SENTENCES, **_REASONS}
    if doubt.what == "head" and doubt.reason == "absent":
        return _("no event has the head {head}").format(head=doubt.detail)
    values = {"detail": doubt.detail, "name": doubt.name, "count": doubt.seq}
    reason = _(reasons[doubt.reason]).format(**values)
    if doubt.what == "event":
        values = {"seq": doubt.seq, "writer": doubt.writer or "?", "row": doubt.row, "reason": reason}
        if doubt.row:
            return _("event {seq} of {writer} (row {row}): {reason}").format(**values)
        return _("event {seq} of {writer}: {reason}").format(**values)
    if doubt.what == "head":
        return _("{entry}: {reason}").format(entry=doubt.detail, reason=reason)
    return _("{entry}: {reason}").format(entry=doubt.name or "events.jsonl", reason=reason)
