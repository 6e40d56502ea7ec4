from django.urls import path

import healthcode.residents.certificates.api as certificates_api
import healthcode.residents.certificates.pages as certificates_pages
import healthcode.residents.colour.api as colour_api
import healthcode.residents.colour.pages as colour_pages
import healthcode.residents.declarations.api as declarations_api
import healthcode.residents.declarations.pages as declarations_pages
import healthcode.residents.guardians.api as guardians_api
import healthcode.residents.guardians.pages as guardians_pages
import healthcode.residents.home.api as home_api
import healthcode.residents.home.pages as home_pages
import healthcode.residents.letting_go.api as letting_go_api
import healthcode.residents.letting_go.pages as letting_go_pages
import healthcode.residents.proof.api as proof_api
import healthcode.residents.proof.pages as proof_pages
import healthcode.residents.subject_access.api as subject_access_api
import healthcode.residents.subject_access.pages as subject_access_pages

api = [
    path("declarations", declarations_api.DeclarationsView.as_view(), name="declarations"),
    path("check-ins", declarations_api.CheckInsView.as_view(), name="check-ins"),
    path("symptoms", declarations_api.SymptomsView.as_view(), name="symptoms"),
    path("people/<int:person_id>/colour", colour_api.ColourView.as_view(), name="colour"),
    path(
        "people/<int:person_id>/certificates",
        certificates_api.CertificatesView.as_view(),
        name="api-certificates",
    ),
    path("people/join", guardians_api.JoinView.as_view(), name="api-join"),
    path(
        "people/<int:person_id>/guardians",
        guardians_api.GuardiansView.as_view(),
        name="api-guardians",
    ),
    path(
        "people/<int:person_id>/guardian-code",
        guardians_api.GuardianCodeView.as_view(),
        name="api-guardian-code",
    ),
    path("people/<int:person_id>/home", home_api.HomeView.as_view(), name="api-home"),
    path(
        "people/<int:person_id>/guardianship",
        letting_go_api.OwnGuardianshipView.as_view(),
        name="api-own-guardianship",
    ),
    path("people/<int:person_id>/proof", proof_api.PersonProofView.as_view(), name="api-proof"),
    path(
        "people/<int:person_id>/export",
        subject_access_api.ExportView.as_view(),
        name="api-export",
    ),
    path(
        "people/<int:person_id>/acts",
        subject_access_api.ToldActsView.as_view(),
        name="api-acts-about",
    ),
    path("people/<int:person_id>/looks", subject_access_api.LooksView.as_view(), name="api-looks"),
    path(
        "people/<int:person_id>/erasure",
        subject_access_api.ErasureView.as_view(),
        name="api-erasure",
    ),
]
pages = [
    path("people/<int:person_id>/declare", declarations_pages.declare, name="declare"),
    path("people/<int:person_id>/check-in", declarations_pages.check_in, name="check-in"),
    path("people/<int:person_id>/certificates", certificates_pages.hand_in, name="certificates"),
    path("people/<int:person_id>/colour", colour_pages.colour, name="colour-page"),
    path("people/<int:person_id>/why", colour_pages.why, name="why"),
    path("me/join", guardians_pages.join, name="join"),
    path("people/<int:person_id>/guardians", guardians_pages.guardians, name="guardians"),
    path("people/<int:person_id>/home", home_pages.home, name="person-home"),
    path("people/<int:person_id>/let-go", letting_go_pages.let_go_of, name="let-go"),
    path("people/<int:person_id>/proof", proof_pages.proof, name="proof"),
    path("people/<int:person_id>/data", subject_access_pages.data, name="person-data"),
    path(
        "people/<int:person_id>/looks/<int:look>.tlog-proof",
        subject_access_pages.look_proof,
        name="look-proof",
    ),
    path(
        "people/<int:person_id>/acts/<int:act_id>.tlog-proof",
        subject_access_pages.act_proof,
        name="act-proof",
    ),
    path(
        "people/<int:person_id>/evidence/<int:fact>.tlog-proof",
        subject_access_pages.fact_proof,
        name="fact-proof",
    ),
    path(
        "people/<int:person_id>/data.json",
        subject_access_pages.data_file,
        name="person-data-file",
    ),
]
