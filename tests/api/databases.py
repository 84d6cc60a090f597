"""Marks of tests that are done on each database."""

import pytest

on_both_databases = pytest.mark.parametrize("plane", ["sqlite", "postgres"], indirect=True)
keyed_on_both_databases = pytest.mark.parametrize("keyed", ["sqlite", "postgres"], indirect=True)
