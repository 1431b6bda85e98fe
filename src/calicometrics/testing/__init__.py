"""Test doubles for plugin authors, and for the tests of calicometrics itself."""
