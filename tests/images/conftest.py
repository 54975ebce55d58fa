"""Quiet decoders: what they complain about is tested by the codes, not by their texts."""

import logging
import warnings

import pytest


@pytest.fixture(autouse=True)
def quiet():
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
