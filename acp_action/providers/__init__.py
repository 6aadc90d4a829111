"""Providers carry out steps: one protocol, and an adapter for each service."""

from __future__ import annotations
