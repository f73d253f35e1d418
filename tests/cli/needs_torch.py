"""A model file whose framework may be missing."""

from __future__ import annotations

import torch

model = torch
