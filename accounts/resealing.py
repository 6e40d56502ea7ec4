"""Rotate the vault's keys: seal values of older keys anew, while the service runs."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import BinaryField, F, Func, Model, QuerySet, Value

from accounts import vault
from accounts.models import Account, Identity, StaffPhone
from accounts.second_factor_models import AuthenticatorApp
from accounts.vault import Field

# The model, the column that shows under which key the row is sealed, the column or property to
# which its values are bound, and all sealed columns.
TABLES: list[tuple[type[Model], str, str, dict[str, Field]]] = [
    (
        Identity,
        "name_sealed",
        "number_index",
        {
            "name_sealed": Field.NAME,
            "number_sealed": Field.NUMBER,
            "phone_sealed": Field.PHONE,
        },
    ),
    (Account, "phone_sealed", "phone_index", {"phone_sealed": Field.ACCOUNT_PHONE}),
    (StaffPhone, "sealed", "bound_to", {"sealed": Field.STAFF_PHONE}),
    (AuthenticatorApp, "sealed", "bound_to", {"sealed": Field.APP_SECRET}),
]


def reseal(*, batch: int) -> Iterator[int]:
    """Seal every value under the newest key.

    Each batch is a transaction that locks its rows. Several processes may run at once.

    Yields:
        how many rows a batch sealed anew.

    Raises:
        VaultError: the key of a value is not among `VAULT_KEYS`.
    """
    for model, witness, row, fields in TABLES:
        while done := _reseal_batch(model, witness, row, fields, batch):
            yield done


@transaction.atomic
def _reseal_batch(
    model: type[Model], witness: str, row: str, fields: dict[str, Field], batch: int
) -> int:
    rows = list(_under_older_keys(model, witness).select_for_update()[:batch])
    for record in rows:
        bound_to = bytes(getattr(record, row))
        for column, field in fields.items():
            sealed = getattr(record, column)
            if sealed is not None:
                plain = vault.unseal(sealed, field=field, row=bound_to)
                setattr(record, column, vault.seal(plain, field=field, row=bound_to))
    if rows:
        model._default_manager.bulk_update(rows, list(fields))
    return len(rows)


def _under_older_keys(model: type[Model], witness: str) -> QuerySet[Any]:
    head = vault.current_head()
    key = Func(
        F(witness),
        Value(1),
        Value(len(head)),
        function="substring",
        output_field=BinaryField(),
    )
    records = model._default_manager.filter(**{f"{witness}__isnull": False})
    older: QuerySet[Any] = records.annotate(sealed_under=key).exclude(sealed_under=head)
    return older.order_by("pk")
