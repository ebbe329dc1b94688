"""Turns the nodes of a cluster into values for the chart, with a reason for each."""
