"""Addresses of the officers' pages and interface."""

from django.urls import path

import healthcode.officers.certificates.api as certificates_api
import healthcode.officers.certificates.pages as certificates_pages
import healthcode.officers.corrections.api as corrections_api
import healthcode.officers.corrections.pages as corrections_pages
import healthcode.officers.desk.pages as desk_pages
import healthcode.officers.guardians.api as guardians_api
import healthcode.officers.guardians.pages as guardians_pages
import healthcode.officers.held_lines.api as held_lines_api
import healthcode.officers.held_lines.pages as held_lines_pages
import healthcode.officers.inquiries.api as inquiries_api
import healthcode.officers.inquiries.pages as inquiries_pages
import healthcode.officers.maps.api as maps_api
import healthcode.officers.maps.pages as maps_pages
import healthcode.officers.phones.api as phones_api
import healthcode.officers.phones.pages as phones_pages
import healthcode.officers.proofs.api as proofs_api
import healthcode.officers.proofs.pages as proofs_pages
import healthcode.officers.recomputations.api as recomputations_api
import healthcode.officers.recomputations.pages as recomputations_pages
import healthcode.officers.registrations.api as registrations_api
import healthcode.officers.registrations.pages as registrations_pages
import healthcode.officers.statistics.api as statistics_api
import healthcode.officers.statistics.pages as statistics_pages
import healthcode.officers.visits.api as visits_api
import healthcode.officers.visits.pages as visits_pages
import healthcode.officers.withdrawals.api as withdrawals_api
import healthcode.officers.withdrawals.pages as withdrawals_pages
import healthcode.officers.withdrawals.together_pages as together_pages

api = [
    path("areas/levels", maps_api.LevelsView.as_view(), name="levels"),
    path(
        "certificates",
        certificates_api.OfficersCertificatesView.as_view(),
        name="api-officers-certificates",
    ),
    path(
        "merged-registrations",
        registrations_api.MergedRegistrationsView.as_view(),
        name="api-merged-registrations",
    ),
    path(
        "separated-registrations",
        registrations_api.SeparatedRegistrationsView.as_view(),
        name="api-separated-registrations",
    ),
    path("corrections", corrections_api.CorrectionsView.as_view(), name="api-corrections"),
    path("documents-seen", proofs_api.DocumentsSeenView.as_view(), name="api-documents-seen"),
    path("lost-phones", phones_api.DeskPhonesView.as_view(), name="api-lost-phones"),
    path("lost-phones/codes", phones_api.DeskPhoneCodesView.as_view(), name="api-lost-phone-codes"),
    path("guardians", guardians_api.GuardiansAtDeskView.as_view(), name="api-desk-guardians"),
    path(
        "guardians/ended",
        guardians_api.EndedGuardianshipsView.as_view(),
        name="api-ended-guardianships",
    ),
    path(
        "documents-seen/<int:visit>/declaration",
        visits_api.VisitDeclarationView.as_view(),
        name="api-visit-declaration",
    ),
    path(
        "documents-seen/<int:visit>/card.pdf",
        visits_api.VisitCardView.as_view(),
        name="api-visit-card",
    ),
    path(
        "evidence/<int:evidence_id>/withdrawal",
        withdrawals_api.WithdrawalView.as_view(),
        name="evidence-withdrawal",
    ),
    path(
        "reports/<int:batch_id>/withdrawal",
        withdrawals_api.ReportWithdrawalView.as_view(),
        name="report-withdrawal",
    ),
    path(
        "acts/<int:act_id>/withdrawal",
        withdrawals_api.ActWithdrawalView.as_view(),
        name="act-withdrawal",
    ),
    path(
        "recomputations/<int:recomputation_id>",
        recomputations_api.RecomputationView.as_view(),
        name="recomputation",
    ),
    path("statistics/colours", statistics_api.StatisticsView.as_view(), name="statistics"),
    path("held-lines", held_lines_api.HeldBatchesView.as_view(), name="held-batches"),
    path("held-lines/<int:batch_id>", held_lines_api.HeldLinesView.as_view(), name="held-lines"),
    path(
        "held-lines/<int:batch_id>/confirmation",
        held_lines_api.HeldConfirmationView.as_view(),
        name="held-confirmation",
    ),
    path(
        "held-lines/<int:batch_id>/rejection",
        held_lines_api.HeldRejectionView.as_view(),
        name="held-rejection",
    ),
    path("inquiries", inquiries_api.InquiriesView.as_view(), name="inquiries"),
    path("inquiries/<int:inquiry_id>", inquiries_api.InquiryView.as_view(), name="inquiry"),
    path(
        "inquiries/<int:inquiry_id>/confirmation",
        inquiries_api.ConfirmationView.as_view(),
        name="inquiry-confirmation",
    ),
    path(
        "inquiries/<int:inquiry_id>/meetings",
        inquiries_api.MeetingsView.as_view(),
        name="inquiry-meetings",
    ),
    path(
        "inquiries/<int:inquiry_id>/meetings/<int:meeting_id>/retraction",
        inquiries_api.RetractionView.as_view(),
        name="inquiry-meeting-retraction",
    ),
]
pages = [
    path("officer", desk_pages.desk, name="officer"),
    path("officer/map", maps_pages.publish, name="officer-map"),
    path("officer/statistics", statistics_pages.statistics, name="officer-statistics"),
    path("officer/evidence", withdrawals_pages.withdraw, name="officer-evidence"),
    path("officer/withdrawal", together_pages.withdraw_together, name="officer-withdrawal"),
    path("officer/registrations", registrations_pages.merge, name="officer-registrations"),
    path("officer/separation", registrations_pages.separate, name="officer-separation"),
    path("officer/document", proofs_pages.document_seen, name="officer-document"),
    path("officer/document/<int:visit>", visits_pages.visit, name="officer-visit"),
    path("officer/document/<int:visit>/card.pdf", visits_pages.card, name="officer-card"),
    path("officer/correction", corrections_pages.correction, name="officer-correction"),
    path("officer/phone", phones_pages.phone_lost, name="officer-phone"),
    path("officer/guardians", guardians_pages.guardians, name="officer-guardians"),
    path("officer/certificate", certificates_pages.enter, name="officer-certificate"),
    path(
        "officer/recomputations/<int:recomputation_id>",
        recomputations_pages.progress,
        name="officer-recomputation",
    ),
    path("officer/held", held_lines_pages.batches, name="officer-held"),
    path("officer/held/<int:batch_id>", held_lines_pages.lines, name="officer-held-batch"),
    path("officer/inquiries", inquiries_pages.inquiries, name="officer-inquiries"),
    path("officer/inquiries/<int:inquiry_id>", inquiries_pages.inquiry, name="officer-inquiry"),
    path(
        "officer/inquiries/<int:inquiry_id>/meetings",
        inquiries_pages.meetings,
        name="officer-meetings",
    ),
]
