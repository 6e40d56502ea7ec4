"""Every kind of evidence is handled everywhere where the kinds differ."""

from healthcode.core import dcc_schema
from healthcode.evidence.certificates import ATTESTABLE
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.lines import FORMS
from healthcode.evidence.models import Evidence
from healthcode.evidence.traits import Trait


def test_sources_report_by_a_form_what_the_records_say_they_report() -> None:
    reported = {kind: record.reported_as for kind, record in KINDS.items() if record.reported_as}
    assert {form.kind: called for called, form in FORMS.items()} == reported


def test_a_form_that_reports_traits_belongs_to_a_kind_that_has_some() -> None:
    for form in FORMS.values():
        assert bool(form.trait) == bool(KINDS[form.kind].traits), form.kind


def test_what_certificates_state_can_be_entered() -> None:
    assert {kind for kind, _ in dcc_schema._KINDS.values()} == set(ATTESTABLE)


def test_every_trait_belongs_to_a_kind() -> None:
    assert {trait for record in KINDS.values() for trait in record.traits} == set(Trait)


def test_every_trait_fits_its_column() -> None:
    longest = Evidence._meta.get_field("traits").base_field.max_length
    assert max(map(len, Trait)) <= longest
