"""Words that are put together or looked up while the program runs, listed here so that translators are given them.

Names of fields and their parts, kinds, statuses and causes of failure are shown as `_(name)`; what click says of calls
and options is looked up in the same catalogue. Nothing else belongs here:
a text that stands in the code is marked there.
"""

from gettext import ngettext


def N_(text: str) -> str:
    """Return `text` as it is: the mark that `pybabel extract` looks for."""
    return text


KINDS = (
    N_("circulation_slip"), N_("issued_document"), N_("attachment"), N_("other"),
)  # fmt: skip
STATUSES = (
    N_("accepted"), N_("review"), N_("verified"), N_("rejected"),
)  # fmt: skip
FIELDS = (
    N_("form_agency"), N_("source_agency"), N_("subject"), N_("distribution_scope"), N_("secrecy"),
    N_("document_number"), N_("copies"), N_("serial_number"), N_("received_date"), N_("printed_date"),
    N_("annotation"), N_("issuing_agency"), N_("title"), N_("genre"), N_("addressee"), N_("copied_to"),
    N_("subject_term"), N_("urgency"), N_("signer"), N_("printing_agency"), N_("attachment"), N_("date_of_issue"),
    N_("print_date"), N_("citation"), N_("group_member"), N_("phase"), N_("indicator"), N_("deadline"),
)  # fmt: skip
#: Parts of a value, such as the person and the date of an annotation.
PARTS = (
    N_("kind"), N_("text"), N_("person"), N_("date"), N_("title"), N_("document_number"), N_("group"), N_("role"),
    N_("post"), N_("name"), N_("start"), N_("end"), N_("operator"), N_("value"), N_("unit"), N_("veto"), N_("who"),
    N_("task"),
)  # fmt: skip
ROLES = (
    N_("decision"), N_("plan"), N_("notice"), N_("slip"), N_("table"), N_("report"), N_("other"),
)  # fmt: skip
#: What is counted beside the answer to a query; its states are statuses.
FACETS = (
    N_("year"), N_("agencies"), N_("people"), N_("genre"), N_("campaigns"), N_("forms"), N_("state"),
)  # fmt: skip
#: Campaigns: what happened, how high the honour, why two are of one family.
CAMPAIGNS = (
    N_("phase_start"), N_("phase_end"), N_("deadline"), N_("issued"), N_("received"),
    N_("national"), N_("provincial"), N_("prefecture"), N_("county"), N_("township"),
    N_("theme"), N_("honour"), N_("level"), N_("target"), N_("decided"),
)  # fmt: skip
ANNOTATIONS = (
    N_("proposal"), N_("instruction"), N_("reading"), N_("result"),
)  # fmt: skip
CAUSES = (
    N_("missing"), N_("unreadable"), N_("empty"), N_("truncated"), N_("wrong type"), N_("encrypted"), N_("oversized"),
    N_("not a scan"), N_("link"), N_("manifest"), N_("reading failed"),
    N_("describing failed"), N_("unsafe"), N_("too slow"), N_("too much memory"),
)  # fmt: skip
#: How a run ended.
RUNS = (
    N_("done"), N_("failed"), N_("stopped"), N_("error"), N_("broken off"),
)  # fmt: skip
#: Who may see and do what in the reading room, and how guarded an item is.
ACCESS = (
    N_("reader"), N_("archivist"), N_("admin"),
    N_("top_secret"), N_("confidential"), N_("secret"), N_("internal"), N_("closed"), N_("unclear"), N_("open"),
)  # fmt: skip
#: What click says where someone calls wrongly or asks for help, as it says it.
CLICK = (
    N_("Usage:"), N_("Options"), N_("Commands"), N_("Show this message and exit."), N_("Show the version and exit."),
    N_("%(prog)s, version %(version)s"), N_("default: {default}"), N_("required"),
    N_("Error: {message}"), N_("Try '{command} {option}' for help."),
    N_("Invalid value: {message}"), N_("Invalid value for {param_hint}: {message}"),
    N_("Missing argument"), N_("Missing option"), N_("Missing parameter"), N_("Missing command."),
    N_("No such option {name!r}."), N_("No such command {name!r}."), N_("Option {name!r} does not take a value."),
    N_("{value!r} is not a valid {number_type}."), N_("{value} is not in the range {range}."),
    N_("{name} {filename!r} is a directory."), N_("{name} {filename!r} is not readable."),
    N_("{name} {filename!r} is not writable."), N_("file"), N_("path"),
    ngettext("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1),
    ngettext("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", 1),
    ngettext("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", 1),
)  # fmt: skip
