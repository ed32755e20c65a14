"""The notes of an account."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Note(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False)
    title = models.CharField(max_length=200)
    body = models.TextField(max_length=20_000, blank=True)
    version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "notes"
        indexes = [models.Index(fields=["owner", "id"], name="notes_owner")]
