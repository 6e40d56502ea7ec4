"""Where people lived until lately."""

from django.db import models


class FormerHome(models.Model):
    """A home that a person has left, and that still counts for some weeks (`accounts.homes`)."""

    person = models.ForeignKey("accounts.Person", models.CASCADE, related_name="former_homes")
    area = models.CharField(max_length=9)
    until = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "accounts"
        constraints = [
            models.UniqueConstraint(fields=["person", "area"], name="one_former_home_an_area"),
        ]
