"""The checks in the order they run, and the gate that heads every report."""

from __future__ import annotations

from collections.abc import Callable

from wetread.checks import (
    wr101_patient_in_two_splits,
    wr102_duplicates,
    wr103_contradicting_labels,
    wr104_patient_with_two_labels,
    wr105_patients_unknown,
    wr106_split_not_stratified,
    wr107_headers_join_patients,
    wr201_few_cases,
    wr202_imbalance,
    wr203_unknown_labels,
    wr301_file_properties,
    wr302_header_fields,
    wr303_borders,
    wr304_corners,
    wr305_masked_centre,
    wr306_low_information,
    wr307_source,
    wr308_text,
    wr401_skipped_images,
    wr402_classes_left_out,
    wr403_odd_pictures,
    wr404_mixed_files,
    wr405_mixed_grey_values,
    wr501_label_errors,
    wr601_patients_named,
    wr602_burned_in,
)
from wetread.checks.finding import AMBER, INFO, RED, Audit, Finding

CHECKS: tuple[Callable[[Audit], Finding | None], ...] = (
    wr101_patient_in_two_splits.check,
    wr102_duplicates.check,
    wr103_contradicting_labels.check,
    wr104_patient_with_two_labels.check,
    wr105_patients_unknown.check,
    wr106_split_not_stratified.check,
    wr107_headers_join_patients.check,
    wr201_few_cases.check,
    wr202_imbalance.check,
    wr203_unknown_labels.check,
    wr301_file_properties.check,
    wr302_header_fields.check,
    wr303_borders.check,
    wr304_corners.check,
    wr305_masked_centre.check,
    wr306_low_information.check,
    wr307_source.check,
    wr308_text.check,
    wr401_skipped_images.check,
    wr402_classes_left_out.check,
    wr403_odd_pictures.check,
    wr404_mixed_files.check,
    wr405_mixed_grey_values.check,
    wr501_label_errors.check,
    wr601_patients_named.check,
    wr602_burned_in.check,
)


def run_checks(audit: Audit) -> list[Finding]:
    """Runs every check.

    Args:
        audit: What they look at.

    Returns:
        What was found, gravest first; in the order of the checks within one severity.
    """
    findings = [finding for check in CHECKS if (finding := check(audit)) is not None]
    return sorted(findings, key=lambda finding: (RED, AMBER, INFO).index(finding.severity))


def gate(findings: list[Finding]) -> str:
    """``red`` where a finding is red, else ``amber`` where one is amber, else ``green``."""
    severities = {finding.severity for finding in findings}
    return "red" if RED in severities else "amber" if AMBER in severities else "green"
