"""What the application is compared with."""

from peers.axum_peer import Axum
from peers.better_auth import BetterAuth
from peers.django_peer import Django

PEERS = [Axum, Django, BetterAuth]
