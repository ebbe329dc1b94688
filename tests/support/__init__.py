"""What several folders of tests use: real parts to test against, and readers of test data."""
