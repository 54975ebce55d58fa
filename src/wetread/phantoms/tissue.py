"""Attenuation of tissues in 1/cm at about 60 keV effective (NIST XCOM)."""

from __future__ import annotations

SOFT = 0.215
FAT = 0.188
FLUID = 0.207
LUNG = 0.055
