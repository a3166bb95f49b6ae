"""The tests, as a package so that they share the fakes and the ward."""
